{{/* Refuses combinations that cannot work, each with its remedy, and names all of them at once. */}}

{{- define "hotel.validate" -}}
{{- $problems := list -}}
{{- range $part := list "Names" "Engine" "Database" "Users" "Secrets" "Services" "Pools" "Access" -}}
  {{- $problems = concat $problems (include (printf "hotel.validate%s" $part) $ | fromJsonArray) -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n\nhotel cannot be installed with these values:\n  - %s\n" (join "\n  - " $problems)) -}}
{{- end -}}
{{- end -}}

{{- define "hotel.validateNames" -}}
{{- $problems := list -}}
{{- if not (regexMatch "^[a-z]" (include "hotel.fullname" .)) -}}
  {{- $problems = append $problems (printf "the release's name %q would begin the names of Services, which must begin with a letter: set fullnameOverride, for example hotel-%s" .Release.Name .Release.Name) -}}
{{- end -}}
{{- range $label := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "helm.sh/chart" "hotel.example.com/pool" -}}
  {{- if hasKey $.Values.commonLabels $label -}}
    {{- $problems = append $problems (printf "commonLabels has the label %s, which the chart sets itself: remove it" $label) -}}
  {{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "hotel.validateEngine" -}}
{{- $problems := list -}}
{{- $engine := .Values.engine -}}
{{- if $engine.external.enabled -}}
  {{- if not $engine.external.url -}}
    {{- $problems = append $problems "engine.external.enabled without a URL: set engine.external.url, for example https://engine.example.com/engine-rest" -}}
  {{- end -}}
  {{- $roles := dict "worker" true "deployer" .Values.deploy.enabled "scaler" (include "hotel.hasOperator" .) "client" .Values.test.enabled -}}
  {{- range $role, $needed := $roles -}}
    {{- if and $needed (not (index $engine.auth $role).existingSecret) -}}
      {{- $problems = append $problems (printf "the external engine's user %q needs its password: kubectl create secret generic NAME --from-literal=username=%s --from-literal=password=…, and set engine.auth.%s.existingSecret=NAME" (index $engine.auth $role).user (index $engine.auth $role).user $role) -}}
    {{- end -}}
  {{- end -}}
  {{- if and $engine.external.url (include "hotel.ownOperator" .) -}}
    {{- $policy := .Subcharts.operator.Values.networkPolicy -}}
    {{- $port := (include "hotel.externalEngine" . | fromJson).port -}}
    {{- if and $policy.enabled $policy.enginesTo (not (has $port $policy.enginePorts)) (not (has (toString $port) (toStrings $policy.enginePorts))) -}}
      {{- $problems = append $problems (printf "the operator's network policy does not let it reach the external engine's port: set operator.networkPolicy.enginePorts=[%v]" $port) -}}
    {{- end -}}
  {{- end -}}
{{- else if $engine.external.url -}}
  {{- $problems = append $problems "engine.external.url without engine.external.enabled: set it to true, or remove the URL" -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "hotel.validateDatabase" -}}
{{- $problems := list -}}
{{- $external := .Values.externalDatabase.host -}}
{{- if and .Values.postgresql.enabled $external -}}
  {{- $problems = append $problems "externalDatabase.host and postgresql.enabled: set postgresql.enabled=false to use the external server" -}}
{{- else if and (not .Values.postgresql.enabled) (not $external) -}}
  {{- $problems = append $problems "no database: set postgresql.enabled=true, or externalDatabase.host" -}}
{{- else if $external -}}
  {{- range include "hotel.databases" . | fromJsonArray -}}
    {{- if not (index $.Values.databases .).existingSecret -}}
      {{- $problems = append $problems (printf "the database %q is on a server of yours, so its password is yours: kubectl create secret generic NAME --from-literal=password=…, and set databases.%s.existingSecret=NAME" (index $.Values.databases .).name .) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and $external (eq "verify-ca" .Values.externalDatabase.sslMode) (not .Values.externalDatabase.caSecret) -}}
  {{- $problems = append $problems "externalDatabase.sslMode verify-ca without a certificate authority: kubectl create secret generic NAME --from-file=ca.crt=…, and set externalDatabase.caSecret=NAME; or set sslMode=verify-full, which trusts the public authorities" -}}
{{- end -}}
{{- $seen := dict -}}
{{- range include "hotel.databases" . | fromJsonArray -}}
  {{- $name := (index $.Values.databases .).name -}}
  {{- if hasKey $seen $name -}}
    {{- $problems = append $problems (printf "databases.%s and databases.%s are both named %q: each needs a database of its own" (index $seen $name) . $name) -}}
  {{- end -}}
  {{- $_ := set $seen $name . -}}
{{- end -}}
{{- if .Values.postgresql.enabled -}}
  {{- $engines := get .Values.engine "replicas" | default 1 -}}
  {{- $connections := .Values.engine.external.enabled | ternary 0 (mul (add1 $engines) .Values.engine.databasePool) -}}
  {{- range include "hotel.services" . | fromJson -}}
    {{- $connections = add $connections (mul (add1 .mostReplicas) .databasePool) -}}
  {{- end -}}
  {{- $most := get (.Values.postgresql.parameters | default dict) "max_connections" | default 100 | int -}}
  {{- if gt (add $connections 5 | int) $most -}}
    {{- $problems = append $problems (printf "engine and services may open %d database connections during an upgrade, but postgresql.parameters.max_connections is %d: set it to %d, or lower replicas, autoscaling.maxReplicas or databasePool" $connections $most (add $connections 10)) -}}
  {{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{/* A user that owns one database and may use no other cannot be the superuser, a name that PostgreSQL keeps, or another's. */}}
{{- define "hotel.validateUsers" -}}
{{- $problems := list -}}
{{- $seen := dict -}}
{{- range include "hotel.databases" . | fromJsonArray -}}
  {{- $database := index $.Values.databases . -}}
  {{- if has $database.name (list "postgres" "template0" "template1") -}}
    {{- $problems = append $problems (printf "databases.%s.name %q is a database of PostgreSQL's own: choose another name" . $database.name) -}}
  {{- end -}}
  {{- if or (hasPrefix "pg_" $database.user) (has $database.user (list "public" "none")) -}}
    {{- $problems = append $problems (printf "databases.%s.user %q is a name that PostgreSQL keeps for itself: choose another" . $database.user) -}}
  {{- end -}}
  {{- if $.Values.postgresql.enabled -}}
    {{- if eq $database.user "postgres" -}}
      {{- $problems = append $problems (printf "databases.%s.user \"postgres\" is the server's superuser, who would lose that right: choose another user" .) -}}
    {{- end -}}
    {{- if hasKey $seen $database.user -}}
      {{- $problems = append $problems (printf "databases.%s and databases.%s have the same user %q: each needs a user of its own" (get $seen $database.user) . $database.user) -}}
    {{- end -}}
    {{- $_ := set $seen $database.user . -}}
  {{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{/*
A password that ends in a newline (`echo … | kubectl create secret --from-file`) is a different one for those who read it as a
line. Helm can look only when it installs or upgrades.
*/}}
{{- define "hotel.validateSecrets" -}}
{{- $problems := list -}}
{{- $credentials := dict "service-token" .Values.services.token -}}
{{- range $name := include "hotel.databases" . | fromJsonArray -}}{{- $_ := set $credentials $name (index $.Values.databases $name) -}}{{- end -}}
{{- range $id, $values := $credentials -}}
  {{- if $values.existingSecret -}}
    {{- $found := lookup "v1" "Secret" $.Release.Namespace $values.existingSecret -}}
    {{- $text := get ($found.data | default dict) $values.existingSecretKey | b64dec -}}
    {{- if regexMatch "[\r\n]$" $text -}}
      {{- $problems = append $problems (printf "the key %s of the Secret %s ends in a newline, which does not belong to a password or token: make it again, for example with --from-literal or printf %%s" $values.existingSecretKey $values.existingSecret) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson (uniq $problems) -}}
{{- end -}}

{{- define "hotel.validateServices" -}}
{{- $problems := list -}}
{{- range $name, $service := include "hotel.services" . | fromJson -}}
  {{- $autoscaling := $service.autoscaling -}}
  {{- if and $autoscaling.enabled (gt (int $autoscaling.minReplicas) (int $autoscaling.maxReplicas)) -}}
    {{- $problems = append $problems (printf "the service %q has autoscaling.minReplicas above maxReplicas: lower the one or raise the other" $name) -}}
  {{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "hotel.validatePools" -}}
{{- $problems := list -}}
{{- $known := include "hotel.topics" . | fromJsonArray -}}
{{- $served := dict -}}
{{- range $name, $pool := include "hotel.pools" . | fromJson -}}
  {{- if not $pool.topics -}}
    {{- $problems = append $problems (printf "the pool %q has no topics: set worker.pools.%s.topics, or remove it by worker.pools.%s=null" $name $name $name) -}}
  {{- end -}}
  {{- range $topic := $pool.topics -}}
    {{- if not (has $topic $known) -}}
      {{- $problems = append $problems (printf "the pool %q serves the topic %q, which no process of hotel has: correct it, or add it to worker.extraTopics" $name $topic) -}}
    {{- end -}}
    {{- if and (hasKey $served $topic) (not $.Values.worker.allowSharedTopics) -}}
      {{- $problems = append $problems (printf "the pools %q and %q both serve the topic %q: remove it from one (worker.pools.default=null removes the pool \"default\"), or set worker.allowSharedTopics=true" (index $served $topic) $name $topic) -}}
    {{- end -}}
    {{- $_ := set $served $topic $name -}}
  {{- end -}}
  {{- if and $pool.scaled (gt (int $pool.autoscaling.minReplicaCount) (int $pool.autoscaling.maxReplicaCount)) -}}
    {{- $problems = append $problems (printf "the pool %q has autoscaling.minReplicaCount above maxReplicaCount: lower the one or raise the other" $name) -}}
  {{- end -}}
{{- end -}}
{{- if and (include "hotel.ownOperator" .) .Values.worker.externalOperator.enabled -}}
  {{- $problems = append $problems "operator.enabled and worker.externalOperator.enabled: only one operator may scale the pools; set operator.enabled=false to use the other one" -}}
{{- end -}}
{{- $unserved := list -}}
{{- range $known -}}
  {{- if not (hasKey $served .) -}}{{- $unserved = append $unserved . -}}{{- end -}}
{{- end -}}
{{- if $unserved -}}
  {{- $problems = append $problems (printf "no pool serves %s, so reservations would stop there: add them to the topics of one of worker.pools" (join ", " $unserved)) -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- define "hotel.validateAccess" -}}
{{- $problems := list -}}
{{- range $kind := list "ingress" "httpRoute" -}}
  {{- $access := index $.Values $kind -}}
  {{- if $access.enabled -}}
    {{- if not (or $access.engineHost $access.servicesHost) -}}
      {{- $problems = append $problems (printf "%s.enabled without a host: set %s.engineHost, %s.servicesHost or both" $kind $kind $kind) -}}
    {{- end -}}
    {{- if and $access.engineHost $.Values.engine.external.enabled -}}
      {{- $problems = append $problems (printf "%s.engineHost with an external engine: this release has no engine to reach; remove it" $kind) -}}
    {{- end -}}
    {{- if and $access.engineHost (eq $access.engineHost $access.servicesHost) -}}
      {{- $problems = append $problems (printf "%s.engineHost and %s.servicesHost are the same: give each a host of its own" $kind $kind) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
  {{- $problems = append $problems "httpRoute.enabled without a Gateway: set httpRoute.parentRefs, for example [{name: my-gateway}]" -}}
{{- end -}}
{{- if and .Release.IsUpgrade (include "hotel.hasOperator" .) (not (.Capabilities.APIVersions.Has "hotel.example.com/v1alpha1/ExternalTaskScaler")) -}}
  {{- $problems = append $problems "the operator's CRD is missing, and helm installs it only with a new release: kubectl apply --server-side --force-conflicts -f charts/external-task-scaler/crds/" -}}
{{- end -}}
{{- if and .Values.deploy.files .Values.deploy.existingConfigMap -}}
  {{- $problems = append $problems "deploy.files and deploy.existingConfigMap: set one of them" -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
