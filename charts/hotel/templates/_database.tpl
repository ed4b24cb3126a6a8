{{/* How a component finds its database. */}}

{{- define "hotel.databaseHost" -}}
{{- .Values.postgresql.enabled | ternary (printf "%s-postgresql" (include "hotel.fullname" .)) (.Values.externalDatabase.host | trimPrefix "[" | trimSuffix "]") -}}
{{- end -}}
{{/* The same inside a URL. */}}
{{- define "hotel.databaseUrlHost" -}}
{{- $host := include "hotel.databaseHost" . -}}
{{- contains ":" $host | ternary (printf "[%s]" $host) $host -}}
{{- end -}}
{{- define "hotel.databasePort" -}}
{{- .Values.postgresql.enabled | ternary 5432 (int .Values.externalDatabase.port) -}}
{{- end -}}
{{- define "hotel.databaseSslMode" -}}
{{- .Values.postgresql.enabled | ternary "prefer" .Values.externalDatabase.sslMode -}}
{{- end -}}

{{/* Where a component's password is: dict root, database. Gives name and key, as JSON. */}}
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
  value: {{ include "hotel.databaseSslMode" .root | quote }}
{{- if include "hotel.databaseCaMount" .root }}
- name: PGSSLROOTCERT
  value: /etc/database-ca/ca.crt
{{- else if include "hotel.databaseHasPublicCa" .root }}
- name: PGSSLROOTCERT
  value: system
# The driver brings an OpenSSL of its own, which looks elsewhere.
- name: SSL_CERT_FILE
  value: /etc/ssl/certs/ca-certificates.crt
{{- end }}
{{- end -}}

{{/* Whether the server's certificate is checked against the public authorities. */}}
{{- define "hotel.databaseHasPublicCa" -}}
{{- if and (not .Values.postgresql.enabled) (eq .Values.externalDatabase.sslMode "verify-full") (not .Values.externalDatabase.caSecret) -}}true{{- end -}}
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
{{- $secret := include "hotel.databaseSecret" . | fromJson -}}
# Optional, so that the pod starts without it and says what is missing.
- name: database
  secret:
    secretName: {{ $secret.name | quote }}
    optional: true
    items: [{ key: {{ $secret.key | quote }}, path: password }]
{{- if include "hotel.databaseCaMount" .root }}
- name: database-ca
  secret:
    secretName: {{ .root.Values.externalDatabase.caSecret | quote }}
    items: [{ key: {{ .root.Values.externalDatabase.caSecretKey | quote }}, path: ca.crt }]
{{- end }}
{{- end -}}

{{/* Waits until the database lets the component's user in: dict root, database, settings (of the component). */}}
{{- define "hotel.waitForDatabase" -}}
{{- $secret := include "hotel.databaseSecret" . | fromJson -}}
- name: wait-for-database
  {{- include "hotel.container" (dict "root" .root "image" .root.Values.services.image "settings" .settings "resources" .root.Values.waitForDatabase.resources) | nindent 2 }}
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
  volumeMounts:
    - name: database
      mountPath: /etc/database
      readOnly: true
    {{- include "hotel.databaseCaMount" .root | nindent 4 }}
{{- end -}}
