{{/* A worker's environment, as a YAML list: dict root, pool (its settings). */}}
{{- define "hotel.workerEnv" -}}
{{- $root := .root -}}
{{ include "hotel.engineLogin" (dict "root" $root "role" "worker" "prefix" "ENGINE") }}
- name: WORKER_NAME
  valueFrom:
    fieldRef: { fieldPath: metadata.name }
- name: WORKER_TOPICS
  value: {{ join "," .pool.topics | quote }}
- name: WORKER_SLOTS
  value: {{ .pool.slots | quote }}
- name: WORKER_LOCK_SECONDS
  value: {{ .pool.lockSeconds | quote }}
- name: WORKER_DRAIN_SECONDS
  value: {{ .pool.drainSeconds | quote }}
- name: WORKER_CORDON_FILE
  value: /etc/hotel/cordon/cordoned-until
- name: LOG_LEVEL
  value: {{ .pool.logLevel | quote }}
{{- with $root.Values.timeZone }}
- name: HOTEL_TIME_ZONE
  value: {{ . | quote }}
{{- end }}
{{- range $service, $values := include "hotel.services" $root | fromJson }}
- name: {{ upper $service }}_URL
  value: {{ printf "http://%s:%v" (include "hotel.objectName" (dict "root" $root "name" $service)) $values.port | quote }}
{{- end }}
{{ include "hotel.serviceToken" $root }}
{{- end -}}
