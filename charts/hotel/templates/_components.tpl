{{/* The components of a release with their settings, each as JSON. */}}

{{/* What the values say of a component: dict own, and what older charts named otherwise. */}}
{{- define "hotel.values" -}}
{{- $older := dict -}}
{{- with .serviceAnnotations -}}{{- $_ := set $older "service" (dict "annotations" .) -}}{{- end -}}
{{- with .serviceAccountAnnotations -}}{{- $_ := set $older "serviceAccount" (dict "annotations" .) -}}{{- end -}}
{{- toJson $older -}}
{{- end -}}

{{- define "hotel.engine" -}}
{{- $probes := include "hotel-lib.httpProbes" (dict "port" "metrics" "start" 300 "live" "/actuator/health/liveness" "ready" "/actuator/health/readiness") | fromJson -}}
{{- $base := dict "probes" $probes "terminationGracePeriodSeconds" 45 "lifecycle" (include "hotel.leaveService" . | fromJson) -}}
{{- include "hotel.settings" (dict "root" . "base" $base "own" (list (include "hotel.values" .Values.engine | fromJson) .Values.engine)) -}}
{{- end -}}

{{- define "hotel.postgresql" -}}
{{- $ask := dict "exec" (dict "command" (list "pg_isready" "--host=127.0.0.1" "--username=postgres")) "timeoutSeconds" 5 -}}
{{- $probes := dict
  "startup" (merge (dict "periodSeconds" 1 "failureThreshold" 600) $ask)
  "readiness" (merge (dict "periodSeconds" 5) $ask)
  "liveness" (merge (dict "periodSeconds" 10 "failureThreshold" 6) $ask)
-}}
{{- $base := dict "probes" $probes "terminationGracePeriodSeconds" 60 -}}
{{- include "hotel.settings" (dict "root" . "user" 999 "base" $base "own" (list (include "hotel.values" .Values.postgresql | fromJson) .Values.postgresql)) -}}
{{- end -}}

{{- define "hotel.deploy" -}}
{{- include "hotel.settings" (dict "root" . "brief" true "own" (list .Values.deploy)) -}}
{{- end -}}

{{- define "hotel.test" -}}
{{- include "hotel.settings" (dict "root" . "brief" true "own" (list .Values.test)) -}}
{{- end -}}

{{/* The four services: name → settings, with its ports, and `mostReplicas`: how many pods it may have. */}}
{{- define "hotel.services" -}}
{{- $services := dict -}}
{{- $defaults := (include "hotel.defaults" . | fromJson).services.defaults -}}
{{- range $name, $port := dict "booking" 5001 "room" 5002 "restaurant" 5003 "client" 5004 -}}
  {{- $given := index $.Values.services $name -}}
  {{- $probes := include "hotel-lib.httpProbes" (dict "port" "health" "start" 120) | fromJson -}}
  {{- $base := dict "probes" $probes "terminationGracePeriodSeconds" 40 "lifecycle" (include "hotel.leaveService" $ | fromJson) -}}
  {{- $own := list (include "hotel.values" $.Values.services.defaults | fromJson) $.Values.services.defaults (include "hotel.values" $given | fromJson) $given -}}
  {{- $service := include "hotel.settings" (dict "root" $ "base" $base "own" $own) | fromJson -}}
  {{- include "hotel-lib.restore" (dict "values" $service "defaults" $defaults) -}}
  {{- $most := $service.autoscaling.enabled | ternary $service.autoscaling.maxReplicas (get $service "replicas" | default 1) -}}
  {{- $_ := set $services $name (merge (dict "port" $port "healthPort" (add $port 1000) "mostReplicas" $most) $service) -}}
{{- end -}}
{{- toJson $services -}}
{{- end -}}

{{/* Keeps a pod that ends until the Service no longer sends it anything. */}}
{{- define "hotel.leaveService" -}}
{{- dict "preStop" (dict "sleep" (dict "seconds" 3)) | toJson -}}
{{- end -}}

{{/* The settings that all pools have, for what they share: ServiceAccount, Service and NetworkPolicy. */}}
{{- define "hotel.worker" -}}
{{- include "hotel.settings" (dict "root" . "own" (list (include "hotel.values" .Values.worker | fromJson) .Values.worker.defaults)) -}}
{{- end -}}

{{/* The pools: name → settings, with `scaled`: the operator decides its replicas. */}}
{{- define "hotel.pools" -}}
{{- $pools := dict -}}
{{- $defaults := (include "hotel.defaults" . | fromJson).worker.defaults -}}
{{- range $name, $given := .Values.worker.pools -}}
  {{- if not (kindIs "invalid" $given) -}}
    {{- /* A cordoned worker says by its readiness that it may go, so the wait for that is part of every scale-in. */ -}}
    {{- $probes := include "hotel-lib.httpProbes" (dict "port" "metrics" "start" 60 "readyEvery" 2 "readyFailures" 2) | fromJson -}}
    {{- $pool := include "hotel.settings" (dict "root" $ "base" (dict "probes" $probes) "own" (list (include "hotel.values" $.Values.worker | fromJson) $.Values.worker.defaults $given)) | fromJson -}}
    {{- include "hotel-lib.restore" (dict "values" $pool "defaults" $defaults) -}}
    {{- if not (hasKey $pool "terminationGracePeriodSeconds") -}}
      {{- /* The pod finishes its tasks, then gives back the locks of those that it could not. */ -}}
      {{- $_ := set $pool "terminationGracePeriodSeconds" (add $pool.drainSeconds 10) -}}
    {{- end -}}
    {{- $_ := set $pools $name (set $pool "scaled" (and (include "hotel.hasOperator" $) $pool.autoscaling.enabled | empty | not)) -}}
  {{- end -}}
{{- end -}}
{{- toJson $pools -}}
{{- end -}}

{{/* The topics of the processes in bpmn/. */}}
{{- define "hotel.topics" -}}
{{- concat (list "validate-input" "search-client" "create-client" "check-room-availability" "block-room" "reserve-table" "confirm-room" "create-booking" "cancel-booking" "cancel-table" "release-room") .Values.worker.extraTopics | toJson -}}
{{- end -}}

{{/* Whether the release installs an operator. */}}
{{- define "hotel.ownOperator" -}}
{{- if hasKey .Subcharts "operator" -}}true{{- end -}}
{{- end -}}

{{/* Whether there is an operator for the pools, the release's or another. */}}
{{- define "hotel.hasOperator" -}}
{{- if or (include "hotel.ownOperator" .) .Values.worker.externalOperator.enabled -}}true{{- end -}}
{{- end -}}

{{/* Where that operator is, as JSON: its namespace and ServiceAccount. */}}
{{- define "hotel.operator" -}}
{{- $external := .Values.worker.externalOperator -}}
{{- if $external.enabled -}}
{{- dict "namespace" ($external.namespace | default .Release.Namespace) "serviceAccount" $external.serviceAccount | toJson -}}
{{- else -}}
{{- dict "namespace" .Release.Namespace "serviceAccount" (include "external-task-scaler.account" .Subcharts.operator) | toJson -}}
{{- end -}}
{{- end -}}
