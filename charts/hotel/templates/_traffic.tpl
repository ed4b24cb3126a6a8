{{/*
Who talks to whom, as JSON: component → its port, the port of its metrics, who of the release calls it (`from`) and who else
(`peers`), whether it is reached from outside, what it calls (`to`), and its settings.
*/}}
{{- define "hotel.traffic" -}}
{{- $values := .Values -}}
{{- $services := include "hotel.services" . | fromJson -}}
{{- $names := keys $services | sortAlpha -}}
{{- $outside := include "hotel.outside" . | fromJson -}}
{{- $database := $values.postgresql.enabled | ternary "postgresql" "external-database" -}}
{{- $engine := $values.engine.external.enabled | ternary "external-engine" "engine" -}}
{{- $all := dict -}}
{{- if not $values.engine.external.enabled -}}
  {{- $callers := list "worker" "deploy" "test" -}}
  {{- if include "hotel.ownOperator" . -}}{{- $callers = append $callers "operator" -}}{{- end -}}
  {{- $peers := concat $values.networkPolicy.engineFrom (include "hotel.externalOperatorPeers" . | fromJsonArray) -}}
  {{- $_ := set $all "engine" (dict "port" 8080 "metrics" 8081 "from" $callers "peers" $peers "exposed" $outside.engine "to" (list $database) "settings" (include "hotel.engine" . | fromJson)) -}}
{{- end -}}
{{- range $name, $service := $services -}}
  {{- $_ := set $all $name (dict "port" $service.port "metrics" $service.healthPort "from" (list "worker") "peers" $values.networkPolicy.servicesFrom "exposed" $outside.services "to" (list $database) "settings" $service) -}}
{{- end -}}
{{- if $values.postgresql.enabled -}}
  {{- $_ := set $all "postgresql" (dict "port" 5432 "from" (concat ($values.engine.external.enabled | ternary list (list "engine")) $names) "settings" (include "hotel.postgresql" . | fromJson)) -}}
{{- end -}}
{{- $_ := set $all "worker" (dict "metrics" 8090 "to" (concat (list $engine) $names) "settings" (include "hotel.worker" . | fromJson)) -}}
{{- $_ := set $all "deploy" (dict "to" (list $engine) "settings" (include "hotel.deploy" . | fromJson)) -}}
{{- $_ := set $all "test" (dict "to" (list $engine) "settings" (include "hotel.test" . | fromJson)) -}}
{{- toJson $all -}}
{{- end -}}

{{/* Whether engine and services are reached from outside, as JSON. */}}
{{- define "hotel.outside" -}}
{{- $outside := dict "engine" false "services" false -}}
{{- range $access := list .Values.ingress .Values.httpRoute -}}
  {{- if and $access.enabled $access.engineHost -}}{{- $_ := set $outside "engine" true -}}{{- end -}}
  {{- if and $access.enabled $access.servicesHost -}}{{- $_ := set $outside "services" true -}}{{- end -}}
{{- end -}}
{{- toJson $outside -}}
{{- end -}}

{{/* The labels of the pods of a component, the operator included, as JSON: dict root, component. */}}
{{- define "hotel.trafficLabels" -}}
{{- if eq .component "operator" -}}
{{- include "external-task-scaler.selector" .root.Subcharts.operator -}}
{{- else -}}
{{- include "hotel.selector" . -}}
{{- end -}}
{{- end -}}

{{/* The pods of an operator that is elsewhere, as JSON. */}}
{{- define "hotel.externalOperatorPeers" -}}
{{- $peers := list -}}
{{- if .Values.worker.externalOperator.enabled -}}
  {{- $namespace := dict "matchLabels" (dict "kubernetes.io/metadata.name" (include "hotel.operator" . | fromJson).namespace) -}}
  {{- $pods := dict "matchLabels" (dict "app.kubernetes.io/name" "external-task-scaler" "app.kubernetes.io/component" "operator") -}}
  {{- $peers = append $peers (dict "namespaceSelector" $namespace "podSelector" $pods) -}}
{{- end -}}
{{- toJson $peers -}}
{{- end -}}
