{{/* Makes the values whole; every template begins with it. */}}
{{- define "external-task-scaler.prepare" -}}
{{- include "hotel-lib.restore" (dict "values" .Values "defaults" (include "external-task-scaler.defaults" . | fromJson)) -}}
{{- end -}}

{{- define "external-task-scaler.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Named after the release; in another chart, where this one goes by an alias, after that too. No object's name has a dot. */}}
{{- define "external-task-scaler.fullname" -}}
{{- $name := include "external-task-scaler.name" . -}}
{{- if .Values.fullnameOverride -}}{{- $name = .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}{{- $name = .Release.Name -}}
{{- else -}}{{- $name = printf "%s-%s" .Release.Name $name -}}
{{- end -}}
{{- $name | replace "." "-" | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* The labels that select the operator's pods, as JSON. */}}
{{- define "external-task-scaler.selector" -}}
{{- dict "app.kubernetes.io/name" "external-task-scaler" "app.kubernetes.io/instance" .Release.Name "app.kubernetes.io/component" "operator" | toJson -}}
{{- end -}}

{{/* The metadata of an object: dict root, and optionally clusterWide, account (a ServiceAccount's own name), labels, annotations. */}}
{{- define "external-task-scaler.metadata" -}}
{{- $name := .account | default (include "external-task-scaler.fullname" .root) -}}
{{- $metadata := dict "name" $name "namespace" .root.Release.Namespace -}}
{{- if .clusterWide -}}{{- $metadata = dict "name" (printf "%s-%s" .root.Release.Namespace $name) -}}{{- end -}}
{{- $ours := dict
  "app.kubernetes.io/version" .root.Chart.AppVersion
  "app.kubernetes.io/managed-by" .root.Release.Service
  "helm.sh/chart" (printf "external-task-scaler-%s" .root.Chart.Version | replace "+" "_")
-}}
{{- $_ := set $metadata "labels" (include "hotel-lib.merged" (list .root.Values.commonLabels .labels $ours (include "external-task-scaler.selector" .root | fromJson)) | fromJson) -}}
{{- with include "hotel-lib.merged" (list .root.Values.commonAnnotations .annotations) | fromJson -}}
  {{- $_ := set $metadata "annotations" . -}}
{{- end -}}
{{- toYaml $metadata -}}
{{- end -}}

{{- define "external-task-scaler.image" -}}
{{- $image := .Values.image -}}
{{- $name := list (.Values.global.imageRegistry | default $image.registry) $image.repository | compact | join "/" -}}
{{- if $image.digest -}}{{ $name }}@{{ $image.digest }}{{- else -}}{{ $name }}:{{ $image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end -}}

{{/* What the operator is set to, as JSON. A chart that has this one as a part may put settings of its own under these values. */}}
{{- define "external-task-scaler.settings" -}}
{{- $base := dict "probes" (include "hotel-lib.httpProbes" (dict "port" "metrics" "start" 60) | fromJson) "terminationGracePeriodSeconds" 30 -}}
{{- $_ := set $base "pod" (dict "securityContext" (dict "fsGroup" nil "fsGroupChangePolicy" nil)) -}}
{{- include "hotel-lib.settings" (dict "user" 10001 "base" $base "layers" (list .Values.inherited .Values)) -}}
{{- end -}}

{{- define "external-task-scaler.account" -}}
{{- include "hotel-lib.account" (dict "settings" (include "external-task-scaler.settings" . | fromJson) "default" (include "external-task-scaler.fullname" .)) -}}
{{- end -}}
