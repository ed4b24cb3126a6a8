{{/*
Credentials. Each is a Secret of the user's, or one that the chart generates and keeps: same after every upgrade.
*/}}

{{/* All credentials that are generated where no Secret is named, as a map: id → the values that name a Secret, with user. */}}
{{- define "hotel.credentials" -}}
{{- $all := dict -}}
{{- if not .Values.engine.external.enabled -}}
  {{- range $role, $auth := .Values.engine.auth -}}
    {{- $_ := set $all (printf "engine-%s" $role) $auth -}}
  {{- end -}}
{{- end -}}
{{- if .Values.postgresql.enabled -}}
  {{- $_ := set $all "database-superuser" (merge (dict "user" "postgres") .Values.postgresql.auth) -}}
  {{- range $name := include "hotel.databases" . | fromJsonArray -}}
    {{- $_ := set $all (printf "database-%s" $name) (index $.Values.databases $name) -}}
  {{- end -}}
{{- end -}}
{{- $_ := set $all "service-token" .Values.services.token -}}
{{- toYaml $all -}}
{{- end -}}

{{/* The names of the databases that the release uses. */}}
{{- define "hotel.databases" -}}
{{- $names := list "booking" "client" "restaurant" "room" -}}
{{- if not .Values.engine.external.enabled -}}{{- $names = prepend $names "engine" -}}{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{/* Where a credential is: dict root, id, values. Gives name and key. */}}
{{- define "hotel.secret" -}}
{{- if .values.existingSecret -}}
name: {{ .values.existingSecret }}
key: {{ .values.existingSecretKey }}
{{- else -}}
name: {{ include "hotel.fullname" .root }}-{{ .id }}
key: {{ eq .id "service-token" | ternary "token" "password" }}
{{- end -}}
{{- end -}}

{{/* A generated password: the one in the cluster, or a new one. dict root, name, key. */}}
{{- define "hotel.password" -}}
{{- $found := lookup "v1" "Secret" .root.Release.Namespace .name -}}
{{- with index ($found.data | default dict) .key -}}{{ b64dec . }}{{- else -}}{{ randAlphaNum 32 }}{{- end -}}
{{- end -}}

{{/* Engine credentials as environment: dict root, role, prefix (ENGINE or HOTEL_ENGINE). */}}
{{- define "hotel.engineLogin" -}}
{{- $auth := index .root.Values.engine.auth .role -}}
{{- $secret := include "hotel.secret" (dict "root" .root "id" (printf "engine-%s" .role) "values" $auth) | fromYaml -}}
- name: {{ .prefix }}_URL
  value: {{ include "hotel.engineUrl" .root | quote }}
- name: {{ .prefix }}_USER
  value: {{ $auth.user | quote }}
{{ include "hotel.secretEnv" (dict "name" (printf "%s_PASSWORD" .prefix) "secret" $secret) }}
{{- if and .root.Values.engine.external.enabled .root.Values.engine.external.caSecret }}
- name: {{ .prefix }}_CA_FILE
  value: /etc/engine-ca/ca.crt
{{- end }}
{{- end -}}

{{/* The engine's REST API as the release's own pods call it. */}}
{{- define "hotel.engineUrl" -}}
{{- include "hotel.engineUrlFrom" (dict "root" . "namespace" .Release.Namespace) -}}
{{- end -}}

{{/* The same as called from a namespace, where another's names are not found alone: dict root, namespace. */}}
{{- define "hotel.engineUrlFrom" -}}
{{- $here := .root.Release.Namespace -}}
{{- if .root.Values.engine.external.enabled -}}
{{ trimSuffix "/" .root.Values.engine.external.url }}
{{- else -}}
http://{{ include "hotel.fullname" .root }}-engine{{ if ne .namespace $here }}.{{ $here }}.svc{{ end }}:8080/engine-rest
{{- end -}}
{{- end -}}

{{- define "hotel.engineCaMount" -}}
{{- if and .Values.engine.external.enabled .Values.engine.external.caSecret }}
- name: engine-ca
  mountPath: /etc/engine-ca
  readOnly: true
{{- end }}
{{- end -}}

{{- define "hotel.engineCaVolume" -}}
{{- if and .Values.engine.external.enabled .Values.engine.external.caSecret }}
- name: engine-ca
  secret:
    secretName: {{ .Values.engine.external.caSecret }}
    items: [{ key: {{ .Values.engine.external.caSecretKey }}, path: ca.crt }]
{{- end }}
{{- end -}}

{{- define "hotel.serviceToken" -}}
{{- $secret := include "hotel.secret" (dict "root" . "id" "service-token" "values" .Values.services.token) | fromYaml -}}
{{ include "hotel.secretEnv" (dict "name" "SERVICE_TOKEN" "secret" $secret) }}
{{- end -}}

{{/* The port of an external engine, for the NetworkPolicies. */}}
{{- define "hotel.externalEnginePort" -}}
{{- $url := urlParse .Values.engine.external.url -}}
{{- if contains ":" $url.host -}}{{ splitList ":" $url.host | last }}{{- else -}}{{ eq $url.scheme "https" | ternary 443 80 }}{{- end -}}
{{- end -}}
