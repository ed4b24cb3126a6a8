{{/* The engine's environment, as a YAML list. */}}
{{- define "hotel.engineEnv" -}}
{{- $engine := .Values.engine -}}
- name: ENGINE_DATABASE_URL
  value: {{ include "hotel.engineDatabaseUrl" . | quote }}
- name: ENGINE_DATABASE_USER
  value: {{ .Values.databases.engine.user | quote }}
{{ include "hotel.secretEnv" (dict "name" "ENGINE_DATABASE_PASSWORD" "secret" (include "hotel.databaseSecret" (dict "root" . "database" "engine") | fromJson)) }}
- name: ENGINE_DATABASE_POOL
  value: {{ $engine.databasePool | quote }}
- name: ENGINE_PROCESS_DEFINITIONS
  value: {{ join "," $engine.processDefinitions | quote }}
{{- with $engine.historyTimeToLive }}
- name: ENGINE_HISTORY_TIME_TO_LIVE
  value: {{ . | quote }}
{{- end }}
{{- if $engine.allowedHosts }}
# Probes and Prometheus ask by the pod's address.
- name: POD_IP
  valueFrom:
    fieldRef: { fieldPath: status.podIP }
- name: ENGINE_ALLOWED_HOSTS
  value: {{ include "hotel.engineHosts" . | quote }}
{{- end }}
{{- with $engine.allowedOrigins }}
- name: ENGINE_ALLOWED_ORIGINS
  value: {{ join "," . | quote }}
{{- end }}
{{- range $what, $names := $engine.models }}
{{- with $names }}
- name: ENGINE_MODELS_{{ upper $what }}
  value: {{ join "," . | quote }}
{{- end }}
{{- end }}
{{- if include "hotel.hasOperator" . }}
# The operator gives back the tasks of pods that are gone.
- name: ENGINE_SCALER_UNLOCK
  value: "true"
{{- end }}
{{- with include "hotel.push" . | fromJson }}
- name: ENGINE_PUSH_URL
  value: {{ .url | quote }}
- name: ENGINE_PUSH_TOKEN_FILE
  value: /etc/push/token
{{- end }}
{{- range $role, $auth := $engine.auth }}
- name: ENGINE_{{ upper $role }}_USER
  value: {{ $auth.user | quote }}
{{- $secret := include "hotel.secret" (dict "root" $ "id" (printf "engine-%s" $role) "values" $auth) | fromJson }}
{{ include "hotel.secretEnv" (dict "name" (printf "ENGINE_%s_PASSWORD" (upper $role)) "secret" $secret) }}
{{- end }}
{{- end -}}

{{/* Where the engine tells the operator which topics have new tasks, as JSON; nothing in it where it does not. */}}
{{- define "hotel.push" -}}
{{- $push := dict -}}
{{- if include "hotel.ownOperator" . -}}
  {{- $operator := .Subcharts.operator -}}
  {{- $values := dig "push" dict ($operator.Values | merge (dict)) -}}
  {{- $given := $values.tokenSecret | default dict -}}
  {{- if and $values.enabled (or $given.name (not .Values.engine.external.enabled)) -}}
    {{- $login := dict "existingSecret" $given.name "existingSecretKey" ($given.key | default "token") -}}
    {{- $secret := include "hotel.secret" (dict "root" . "id" "push-token" "values" $login) | fromJson -}}
    {{- $url := printf "http://%s-push.%s.svc:8091/push" (include "external-task-scaler.fullname" $operator) .Release.Namespace -}}
    {{- $labels := include "external-task-scaler.selector" $operator | fromJson -}}
    {{- $push = dict "url" $url "secret" $secret.name "key" $secret.key "labels" $labels "login" $login -}}
  {{- end -}}
{{- end -}}
{{- toJson $push -}}
{{- end -}}

{{/* The names under which the engine is called: the user's, and all that the release itself has for it. */}}
{{- define "hotel.engineHosts" -}}
{{- $service := include "hotel.objectName" (dict "root" . "name" "engine") -}}
{{- $inside := list "localhost" "127.0.0.1" "[::1]" "$(POD_IP)" $service -}}
{{- range $domain := list "" ".svc" ".svc.cluster.local" -}}
  {{- $inside = append $inside (printf "%s.%s%s" $service $.Release.Namespace $domain) -}}
{{- end -}}
{{- $outside := list -}}
{{- range $access := list .Values.ingress .Values.httpRoute -}}
  {{- if and $access.enabled $access.engineHost -}}{{- $outside = append $outside $access.engineHost -}}{{- end -}}
{{- end -}}
{{- concat .Values.engine.allowedHosts $outside $inside | uniq | join "," -}}
{{- end -}}

{{- define "hotel.engineDatabaseUrl" -}}
{{- $trust := "" -}}
{{- if include "hotel.databaseCaMount" . -}}{{- $trust = "&sslrootcert=/etc/database-ca/ca.crt" -}}
{{- else if include "hotel.databaseHasPublicCa" . -}}{{- $trust = "&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory" -}}
{{- end -}}
{{- printf "jdbc:postgresql://%s:%s/%s?sslmode=%s%s" (include "hotel.databaseUrlHost" .) (include "hotel.databasePort" .) (urlquery .Values.databases.engine.name) (include "hotel.databaseSslMode" .) $trust -}}
{{- end -}}
