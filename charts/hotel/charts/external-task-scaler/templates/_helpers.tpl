{{- define "external-task-scaler.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Named after the release; in another chart, where this one goes by an alias, after that too. */}}
{{- define "external-task-scaler.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "external-task-scaler.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "external-task-scaler.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "external-task-scaler.selector" -}}
app.kubernetes.io/name: external-task-scaler
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{/* The metadata of an object: dict root, and optionally clusterWide, labels, annotations. */}}
{{- define "external-task-scaler.metadata" -}}
{{- if .clusterWide }}
name: {{ .root.Release.Namespace }}-{{ include "external-task-scaler.fullname" .root }}
{{- else }}
name: {{ include "external-task-scaler.fullname" .root }}
namespace: {{ .root.Release.Namespace }}
{{- end }}
labels:
  {{- include "external-task-scaler.selector" .root | nindent 2 }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ printf "external-task-scaler-%s" .root.Chart.Version | replace "+" "_" }}
  {{- with merge (dict) (.labels | default dict) .root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "external-task-scaler.image" -}}
{{- $image := .Values.image -}}
{{- $name := list (.Values.global.imageRegistry | default $image.registry) $image.repository | compact | join "/" -}}
{{- if $image.digest -}}{{ $name }}@{{ $image.digest }}{{- else -}}{{ $name }}:{{ $image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end -}}
