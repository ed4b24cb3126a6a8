{{/* The topics of the processes in bpmn/. */}}
{{- define "hotel.topics" -}}
{{- concat (list "validate-input" "search-client" "create-client" "check-room-availability" "block-room" "reserve-table" "confirm-room" "create-booking" "cancel-booking" "cancel-table" "release-room") .Values.worker.extraTopics | toJson -}}
{{- end -}}

{{/* The pools: name → what it is set to, with `scaled`: the operator decides its replicas. */}}
{{- define "hotel.pools" -}}
{{- $pools := dict -}}
{{- range $name, $given := .Values.worker.pools -}}
  {{- $pool := mustMergeOverwrite (deepCopy $.Values.worker.defaults) (deepCopy $given) -}}
  {{- $_ := set $pools $name (set $pool "scaled" (and $.Values.operator.enabled $pool.autoscaling.enabled)) -}}
{{- end -}}
{{- toYaml $pools -}}
{{- end -}}
