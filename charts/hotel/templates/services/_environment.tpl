{{/* A service's environment, as a YAML list: dict root, name, service (its settings). */}}
{{- define "hotel.serviceEnv" -}}
{{- $database := index .root.Values.databases .name -}}
{{- $scope := dict "root" .root "database" .name -}}
# Both families where the node has both, and the one that it has otherwise.
- name: HOST
  value: "::"
- name: PORT
  value: {{ .service.port | quote }}
- name: HEALTH_PORT
  value: {{ .service.healthPort | quote }}
- name: THREADS
  value: {{ .service.threads | quote }}
- name: LOG_LEVEL
  value: {{ .service.logLevel | quote }}
{{- with .root.Values.timeZone }}
- name: HOTEL_TIME_ZONE
  value: {{ . | quote }}
{{- end }}
- name: MIGRATE_AT_START
  value: "true"
- name: DATABASE_URL
  value: {{ printf "postgresql://%s@%s:%s/%s?sslmode=%s" (urlquery $database.user) (include "hotel.databaseUrlHost" .root) (include "hotel.databasePort" .root) (urlquery $database.name) (include "hotel.databaseSslMode" .root) | quote }}
- name: DATABASE_POOL_SIZE
  value: {{ .service.databasePool | quote }}
{{ include "hotel.databaseEnv" $scope }}
# In no URL, so it may hold any character.
{{ include "hotel.secretEnv" (dict "name" "PGPASSWORD" "secret" (include "hotel.databaseSecret" $scope | fromJson)) }}
{{ include "hotel.serviceToken" .root }}
{{- with .service.holdSeconds }}
- name: HOLD_SECONDS
  value: {{ . | quote }}
{{- end }}
{{- if .service.seed }}
- name: SEED_FILE
  value: /etc/seed/seed.yaml
{{- end }}
{{- end -}}
