{{/*
Credentials. Each is a Secret of the user's, or one that the chart generates and keeps: the same after every upgrade.
*/}}

{{/* All credentials that are generated if no Secret is named, as JSON: id → the values that name a Secret, with user. */}}
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
{{- with include "hotel.push" . | fromJson -}}{{- $_ := set $all "push-token" .login -}}{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{/* The names of the databases that the release uses. */}}
{{- define "hotel.databases" -}}
{{- $names := list "booking" "client" "restaurant" "room" -}}
{{- if not .Values.engine.external.enabled -}}{{- $names = prepend $names "engine" -}}{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{/* Where a credential is, as JSON: dict root, id, values. Gives name and key. */}}
{{- define "hotel.secret" -}}
{{- if .values.existingSecret -}}
{{- dict "name" .values.existingSecret "key" .values.existingSecretKey | toJson -}}
{{- else -}}
{{- dict "name" (include "hotel.objectName" (dict "root" .root "name" .id)) "key" (hasSuffix "-token" .id | ternary "token" "password") | toJson -}}
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
{{- $secret := include "hotel.secret" (dict "root" .root "id" (printf "engine-%s" .role) "values" $auth) | fromJson -}}
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

{{/* The same as called from a namespace; from another one a name alone is not found: dict root, namespace. */}}
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
    secretName: {{ .Values.engine.external.caSecret | quote }}
    items: [{ key: {{ .Values.engine.external.caSecretKey | quote }}, path: ca.crt }]
{{- end }}
{{- end -}}

{{- define "hotel.serviceToken" -}}
{{- $secret := include "hotel.secret" (dict "root" . "id" "service-token" "values" .Values.services.token) | fromJson -}}
{{ include "hotel.secretEnv" (dict "name" "SERVICE_TOKEN" "secret" $secret) }}
{{- end -}}

{{/* Host of an external engine, as JSON: name (an IPv6 address without brackets) and port. */}}
{{- define "hotel.externalEngine" -}}
{{- $url := urlParse .Values.engine.external.url -}}
{{- $port := regexFind ":[0-9]+$" $url.host | trimPrefix ":" -}}
{{- $host := $url.host -}}
{{- with $port -}}{{- $host = trimSuffix (printf ":%s" .) $host -}}{{- end -}}
{{- dict "host" ($host | trimPrefix "[" | trimSuffix "]") "port" ($port | default (eq $url.scheme "https" | ternary 443 80) | int) | toJson -}}
{{- end -}}

{{/* A NetworkPolicy rule to a host outside, as JSON: dict host, port, to (the peers that the values name). No policy knows names. */}}
{{- define "hotel.ruleTo" -}}
{{- $rule := dict "ports" (list (dict "port" (int .port))) -}}
{{- if .to -}}
  {{- $_ := set $rule "to" .to -}}
{{- else if regexMatch "^[0-9.]+$" .host -}}
  {{- $_ := set $rule "to" (list (dict "ipBlock" (dict "cidr" (printf "%s/32" .host)))) -}}
{{- else if contains ":" .host -}}
  {{- $_ := set $rule "to" (list (dict "ipBlock" (dict "cidr" (printf "%s/128" .host)))) -}}
{{- end -}}
{{- toJson $rule -}}
{{- end -}}

{{- define "hotel.externalEngineRule" -}}
{{- include "hotel.ruleTo" (merge (dict "to" .Values.networkPolicy.externalEngineTo) (include "hotel.externalEngine" . | fromJson)) -}}
{{- end -}}
