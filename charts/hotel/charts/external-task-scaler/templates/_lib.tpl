{{/*
What both charts share. The file belongs to the chart external-task-scaler; `python charts/generate.py` copies it into the
chart hotel, which can be installed without the operator.
Maps go from template to template as JSON, so that a text which looks like a number or a switch stays a text.
*/}}

{{/* Several maps as one, as JSON: the keys of a later map win, maps inside are merged, null unsets. Takes a list of maps. */}}
{{- define "hotel-lib.merged" -}}
{{- $merged := dict -}}
{{- range $map := . -}}
  {{- range $key, $value := $map -}}
    {{- if kindIs "invalid" $value -}}
      {{- $merged = omit $merged $key -}}
    {{- else if kindIs "map" $value -}}
      {{- $before := get $merged $key -}}
      {{- $_ := set $merged $key (include "hotel-lib.merged" (list (kindIs "map" $before | ternary $before dict) $value) | fromJson) -}}
    {{- else -}}
      {{- $_ := set $merged $key $value -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $merged -}}
{{- end -}}

{{/*
Puts the chart's defaults where a section is empty (`services: {room: }`) or the values of an older release lack it
(`--reuse-values`): dict values, defaults. Changes the values in place. Where null means something of its own (no limit, Kubernetes' default), it stays unset.
*/}}
{{- define "hotel-lib.restore" -}}
{{- $unsettable := list "annotations" "apiServerTo" "behavior" "enginesTo" "labels" "metrics" "parameters" "pools" "replicas" "resources" "strategy" -}}
{{- range $key, $default := .defaults -}}
  {{- $given := get $.values $key -}}
  {{- $missing := or (not (hasKey $.values $key)) (kindIs "invalid" $given) -}}
  {{- if or (has $key $unsettable) (kindIs "invalid" $default) -}}
    {{- if $missing -}}{{- $_ := unset $.values $key -}}{{- end -}}
  {{- else if $missing -}}
    {{- $_ := set $.values $key $default -}}
  {{- else if and (kindIs "map" $given) (kindIs "map" $default) -}}
    {{- include "hotel-lib.restore" (dict "values" $given "defaults" $default) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/*
The settings of a component, as JSON: dict user (the numeric one), base (what the component has of its own), layers (values,
the later over the earlier). Without other values every pod meets Pod Security "restricted".
*/}}
{{- define "hotel-lib.settings" -}}
{{- $pod := dict "runAsNonRoot" true "runAsUser" .user "runAsGroup" .user "fsGroup" .user "fsGroupChangePolicy" "OnRootMismatch" "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- $container := dict "allowPrivilegeEscalation" false "readOnlyRootFilesystem" true "runAsNonRoot" true "capabilities" (dict "drop" (list "ALL")) -}}
{{- $base := dict "pod" (dict "securityContext" $pod) "securityContext" $container "podDisruptionBudget" (dict "enabled" true "maxUnavailable" 1) "serviceAccount" (dict "create" true "name" "") -}}
{{- include "hotel-lib.merged" (concat (list $base (.base | default dict)) .layers) -}}
{{- end -}}

{{/* The first fields of a pod's spec: dict settings, account, token (whether it gets one of the API server), selector, root. */}}
{{- define "hotel-lib.podSpec" -}}
{{- $pod := .settings.pod -}}
{{- $spec := dict "serviceAccountName" .account "automountServiceAccountToken" (.token | default false) "enableServiceLinks" false -}}
{{- $secrets := list -}}
{{- range .root.Values.global.imagePullSecrets -}}
  {{- $secrets = append $secrets (kindIs "map" . | ternary . (dict "name" .)) -}}
{{- end -}}
{{- if $secrets -}}{{- $_ := set $spec "imagePullSecrets" $secrets -}}{{- end -}}
{{- range $field := list "affinity" "dnsConfig" "dnsPolicy" "hostAliases" "nodeSelector" "priorityClassName" "runtimeClassName" "schedulerName" "securityContext" "tolerations" -}}
  {{- with get $pod $field -}}{{- $_ := set $spec $field . -}}{{- end -}}
{{- end -}}
{{- $selector := dict "labelSelector" (dict "matchLabels" (.selector | fromJson)) -}}
{{- $spread := list -}}
{{- range $pod.topologySpreadConstraints | default (list (dict "maxSkew" 1 "topologyKey" "kubernetes.io/hostname" "whenUnsatisfiable" "ScheduleAnyway")) -}}
  {{- $spread = append $spread (hasKey . "labelSelector" | ternary . (merge (deepCopy .) $selector)) -}}
{{- end -}}
{{- $_ := set $spec "topologySpreadConstraints" $spread -}}
{{- if hasKey .settings "terminationGracePeriodSeconds" -}}
  {{- $_ := set $spec "terminationGracePeriodSeconds" .settings.terminationGracePeriodSeconds -}}
{{- end -}}
{{- toYaml $spec -}}
{{- end -}}

{{/* Environment variables: dict own (a list, as YAML), extra. An extra one takes the place of ours of the same name. */}}
{{- define "hotel-lib.env" -}}
{{- $extra := dict -}}
{{- range .extra -}}{{- $_ := set $extra .name . -}}{{- end -}}
{{- $seen := dict -}}
{{- $all := list -}}
{{- range concat (.own | fromYamlArray) (.extra | default list) -}}
  {{- if not (hasKey $seen .name) -}}
    {{- $_ := set $seen .name true -}}
    {{- $all = append $all (get $extra .name | default .) -}}
  {{- end -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{/* The probes of a container: dict probes, handler (what ours ask with). A handler of the user's takes the place of ours. */}}
{{- define "hotel-lib.probes" -}}
{{- $all := dict -}}
{{- range $name, $probe := .probes -}}
  {{- if omit (pick $probe "exec" "grpc" "httpGet" "tcpSocket") $.handler -}}{{- $probe = omit $probe $.handler -}}{{- end -}}
  {{- $_ := set $all (printf "%sProbe" $name) $probe -}}
{{- end -}}
{{- if $all -}}{{- toYaml $all -}}{{- end -}}
{{- end -}}

{{/* The probes by HTTP that the programs answer: dict port, start (seconds that a start may take), and optionally live, ready (paths), readyEvery, readyFailures. */}}
{{- define "hotel-lib.httpProbes" -}}
{{- $live := dict "path" (.live | default "/livez") "port" .port -}}
{{- $ready := dict "path" (.ready | default "/readyz") "port" .port -}}
{{- $readiness := dict "httpGet" $ready "periodSeconds" (.readyEvery | default 5) "timeoutSeconds" 5 -}}
{{- with .readyFailures -}}{{- $_ := set $readiness "failureThreshold" . -}}{{- end -}}
{{- dict
  "startup" (dict "httpGet" $live "periodSeconds" 1 "timeoutSeconds" 3 "failureThreshold" .start)
  "readiness" $readiness
  "liveness" (dict "httpGet" $live "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 6)
  | toJson -}}
{{- end -}}

{{/* The fields of a Service's spec that the values add: settings of the component. */}}
{{- define "hotel-lib.serviceSpec" -}}
{{- $service := .service | default dict -}}
{{- with include "hotel-lib.merged" (list (pick $service "type") ($service.spec | default dict)) | fromJson -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{/* A PodDisruptionBudget's limit: settings of the component. */}}
{{- define "hotel-lib.disruptionLimit" -}}
{{- $budget := .podDisruptionBudget -}}
{{- if hasKey $budget "minAvailable" -}}
minAvailable: {{ toJson $budget.minAvailable }}
{{- else -}}
maxUnavailable: {{ toJson $budget.maxUnavailable }}
{{- end -}}
{{- end -}}

{{/* The ServiceAccount of a component: dict settings, default (the name of the one that the chart makes). */}}
{{- define "hotel-lib.account" -}}
{{- .settings.serviceAccount.name | default .default -}}
{{- end -}}

{{/* Rules of a NetworkPolicy for DNS: dict dns, dnsPorts. */}}
{{- define "hotel-lib.dnsRule" -}}
{{- $ports := list -}}
{{- range $protocol := list "UDP" "TCP" -}}
  {{- range $port := $.dnsPorts -}}{{- $ports = append $ports (dict "port" $port "protocol" $protocol) -}}{{- end -}}
{{- end -}}
{{- dict "to" .dns "ports" $ports | toJson -}}
{{- end -}}

{{/* One endpoint of a ServiceMonitor: dict port, path, monitor (its values), and optionally honorLabels. */}}
{{- define "hotel-lib.monitorEndpoint" -}}
{{- $endpoint := dict "port" .port "path" .path -}}
{{- if .honorLabels -}}{{- $_ := set $endpoint "honorLabels" true -}}{{- end -}}
{{- range $field := list "interval" "scrapeTimeout" "relabelings" "metricRelabelings" -}}
  {{- with get $.monitor $field -}}{{- $_ := set $endpoint $field . -}}{{- end -}}
{{- end -}}
{{- toYaml $endpoint -}}
{{- end -}}
