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

{{/* Where a component's password is: dict root, database. Gives name and key. */}}
{{- define "hotel.databaseSecret" -}}
{{- include "hotel.secret" (dict "root" .root "id" (printf "database-%s" .database) "values" (index .root.Values.databases .database)) -}}
{{- end -}}

{{/* The variables that libpq reads, without the password: dict root, database. */}}
{{- define "hotel.databaseEnv" -}}
{{- $database := index .root.Values.databases .database -}}
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
{{- if include "hotel.databaseCaMount" .root }}
- name: PGSSLROOTCERT
  value: /etc/database-ca/ca.crt
{{- end }}
{{- end -}}

{{- define "hotel.databaseCaMount" -}}
{{- if and (not .Values.postgresql.enabled) .Values.externalDatabase.caSecret }}
- name: database-ca
  mountPath: /etc/database-ca
  readOnly: true
{{- end }}
{{- end -}}

{{/* The volumes of a component that has a database: dict root, database. */}}
{{- define "hotel.databaseVolumes" -}}
{{- $secret := include "hotel.databaseSecret" . | fromYaml -}}
# Optional, so that the pod starts without it and says what is missing.
- name: database
  secret:
    secretName: {{ $secret.name }}
    optional: true
    items: [{ key: {{ $secret.key }}, path: password }]
{{- if include "hotel.databaseCaMount" .root }}
- name: database-ca
  secret:
    secretName: {{ .root.Values.externalDatabase.caSecret }}
    items: [{ key: {{ .root.Values.externalDatabase.caSecretKey }}, path: ca.crt }]
{{- end }}
{{- end -}}

{{/* Waits until the database lets the component's user in: dict root, database. */}}
{{- define "hotel.waitForDatabase" -}}
{{- $secret := include "hotel.databaseSecret" . | fromYaml -}}
- name: wait-for-database
  {{- include "hotel.containerImage" (dict "root" .root "image" .root.Values.services.image) | nindent 2 }}
  command:
    - python
    - -c
    - |
      {{- .root.Files.Get "files/wait_for_database.py" | trim | nindent 6 }}
  env:
    - name: PGCONNECT_TIMEOUT
      value: "5"
    - name: LOGIN_FROM
      value: {{ printf "the key %s of the Secret %s" $secret.key $secret.name | quote }}
    {{- include "hotel.databaseEnv" . | nindent 4 }}
  resources:
    requests: { cpu: 10m, memory: 32Mi }
    limits: { memory: 64Mi }
  securityContext:
    {{- include "hotel.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - name: database
      mountPath: /etc/database
      readOnly: true
    {{- include "hotel.databaseCaMount" .root | nindent 4 }}
{{- end -}}
