{{/* How a component finds its database. */}}

{{- define "hotel.databaseHost" -}}
{{- .Values.postgresql.enabled | ternary (printf "%s-postgresql" (include "hotel.fullname" .)) .Values.externalDatabase.host -}}
{{- end -}}
{{- define "hotel.databasePort" -}}
{{- .Values.postgresql.enabled | ternary 5432 (int .Values.externalDatabase.port) -}}
{{- end -}}
{{- define "hotel.databaseSslMode" -}}
{{- .Values.postgresql.enabled | ternary "prefer" .Values.externalDatabase.sslMode -}}
{{- end -}}

{{/* The variables that libpq reads: dict root, database. The password is in no URL, so it may hold any character. */}}
{{- define "hotel.databaseEnv" -}}
{{- $database := index .root.Values.databases .database -}}
{{- $secret := include "hotel.secret" (dict "root" .root "id" (printf "database-%s" .database) "values" $database) | fromYaml -}}
- name: PGHOST
  value: {{ include "hotel.databaseHost" .root | quote }}
- name: PGPORT
  value: {{ include "hotel.databasePort" .root | quote }}
- name: PGDATABASE
  value: {{ $database.name | quote }}
- name: PGUSER
  value: {{ $database.user | quote }}
- name: PGSSLMODE
  value: {{ include "hotel.databaseSslMode" .root }}
{{ include "hotel.secretEnv" (dict "name" "PGPASSWORD" "secret" $secret) }}
{{- end -}}

{{/*
Waits until the database answers, and says why it does not: a component that starts without its database would fall into
a crash loop. dict root, database.
*/}}
{{- define "hotel.waitForDatabase" -}}
- name: wait-for-database
  {{- include "hotel.containerImage" (dict "root" .root "image" .root.Values.services.image) | nindent 2 }}
  command:
    - python
    - -c
    - |
      import psycopg, time
      while True:
          try:
              psycopg.connect().close()
              break
          except psycopg.OperationalError as problem:
              print("waiting for the database:", problem, flush=True)
              time.sleep(1)
  env:
    - name: PGCONNECT_TIMEOUT
      value: "5"
    {{- include "hotel.databaseEnv" . | nindent 4 }}
  resources:
    requests: { cpu: 10m, memory: 32Mi }
    limits: { memory: 64Mi }
  securityContext:
    {{- include "hotel.containerSecurity" . | nindent 4 }}
{{- end -}}
