{{/* The topics of the processes in bpmn/. */}}
{{- define "hotel.topics" -}}
{{- concat (list "validate-input" "search-client" "create-client" "check-room-availability" "block-room" "reserve-table" "confirm-room" "create-booking" "cancel-booking" "cancel-table" "release-room") .Values.worker.extraTopics | toJson -}}
{{- end -}}

{{/* Whether there is an operator for the pools, the release's or another. */}}
{{- define "hotel.hasOperator" -}}
{{- if or .Values.operator.enabled .Values.worker.externalOperator.enabled -}}true{{- end -}}
{{- end -}}

{{/* Where that operator is: its namespace and ServiceAccount. */}}
{{- define "hotel.operator" -}}
{{- $external := .Values.worker.externalOperator -}}
{{- if $external.enabled -}}
namespace: {{ $external.namespace | default .Release.Namespace }}
serviceAccount: {{ $external.serviceAccount }}
{{- else -}}
namespace: {{ .Release.Namespace }}
serviceAccount: {{ include "external-task-scaler.fullname" .Subcharts.operator }}
{{- end -}}
{{- end -}}

{{/* The pools: name → what it is set to, with `scaled`: the operator decides its replicas. */}}
{{- define "hotel.pools" -}}
{{- $pools := dict -}}
{{- range $name, $given := .Values.worker.pools -}}
  {{- $pool := mustMergeOverwrite (deepCopy $.Values.worker.defaults) (deepCopy $given) -}}
  {{- $_ := set $pools $name (set $pool "scaled" (and (include "hotel.hasOperator" $) $pool.autoscaling.enabled | empty | not)) -}}
{{- end -}}
{{- toYaml $pools -}}
{{- end -}}
