{{/* Names and labels. Every object is named after the release, so that two releases never share one. */}}

{{/* Makes the values whole; every template begins with it. */}}
{{- define "hotel.prepare" -}}
{{- include "hotel-lib.restore" (dict "values" .Values "defaults" (include "hotel.defaults" . | fromJson)) -}}
{{- end -}}

{{- define "hotel.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* A Service's name has no dot, so no object's name has one. */}}
{{- define "hotel.fullname" -}}
{{- $name := include "hotel.name" . -}}
{{- if .Values.fullnameOverride -}}{{- $name = .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}{{- $name = .Release.Name -}}
{{- else -}}{{- $name = printf "%s-%s" .Release.Name $name -}}
{{- end -}}
{{- $name | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of an object of a component, without quotes: dict root, name. */}}
{{- define "hotel.objectName" -}}
{{- list (include "hotel.fullname" .root) .name | compact | join "-" -}}
{{- end -}}

{{/* Labels that select pods, as JSON: dict root, component, and optionally pool. */}}
{{- define "hotel.selector" -}}
{{- $labels := dict "app.kubernetes.io/name" (include "hotel.name" .root) "app.kubernetes.io/instance" .root.Release.Name -}}
{{- with .component -}}{{- $_ := set $labels "app.kubernetes.io/component" . -}}{{- end -}}
{{- with .pool -}}{{- $_ := set $labels "hotel.example.com/pool" . -}}{{- end -}}
{{- toJson $labels -}}
{{- end -}}

{{/* The same as lines of YAML. */}}
{{- define "hotel.selectorLabels" -}}
{{- include "hotel.selector" . | fromJson | toYaml -}}
{{- end -}}

{{/*
The metadata of an object: dict root, name (after the release's; may be empty), and optionally object (the whole name),
component, pool, labels, annotations.
*/}}
{{- define "hotel.metadata" -}}
{{- $root := .root -}}
{{- $ours := dict
  "app.kubernetes.io/version" $root.Chart.AppVersion
  "app.kubernetes.io/managed-by" $root.Release.Service
  "helm.sh/chart" (printf "hotel-%s" $root.Chart.Version | replace "+" "_")
-}}
{{- $labels := include "hotel-lib.merged" (list $root.Values.commonLabels .labels $ours (include "hotel.selector" . | fromJson)) | fromJson -}}
{{- $metadata := dict "name" (.object | default (include "hotel.objectName" .)) "namespace" $root.Release.Namespace "labels" $labels -}}
{{- with include "hotel-lib.merged" (list $root.Values.commonAnnotations .annotations) | fromJson -}}
  {{- $_ := set $metadata "annotations" . -}}
{{- end -}}
{{- toYaml $metadata -}}
{{- end -}}

{{/* The name of an image: dict root, image. */}}
{{- define "hotel.image" -}}
{{- $registry := .root.Values.global.imageRegistry | default .image.registry -}}
{{- $tag := .image.tag | default .root.Chart.AppVersion -}}
{{- $name := list $registry .image.repository | compact | join "/" -}}
{{- if .image.digest -}}{{ $name }}@{{ .image.digest }}{{- else -}}{{ $name }}:{{ $tag }}{{- end -}}
{{- end -}}
