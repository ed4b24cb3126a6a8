{{/* The topics of the processes in bpmn/. */}}
{{- define "hotel.topics" -}}
{{- concat (list "validate-input" "search-client" "create-client" "check-room-availability" "block-room" "reserve-table" "confirm-room" "create-booking" "cancel-booking" "cancel-table" "release-room") .Values.worker.extraTopics | toJson -}}
{{- end -}}

{{/* The pools: name → what it is set to, with `scaled`: the operator decides its replicas. */}}
{{- define "hotel.pools" -}}
{{- $pools := dict -}}
{{- range $key, $given := .Values.worker.pools -}}
  {{- if $given -}}
    {{- $pool := mustMergeOverwrite (deepCopy $.Values.worker.defaults) (omit (deepCopy $given) "name") -}}
    {{- $scaled := and $.Values.operator.enabled $pool.autoscaling.enabled -}}
    {{- $_ := set $pools ($given.name | default $key | toString) (set $pool "scaled" $scaled) -}}
  {{- end -}}
{{- end -}}
{{- toYaml $pools -}}
{{- end -}}
