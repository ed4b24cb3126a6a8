{{/* What all pods have in common. */}}

{{/*
The settings of a component, as JSON: dict root, and optionally base (what the component has of its own), own (a list of its
values), user (the numeric one), brief (a pod that ends by itself takes no settings of lasting ones).
*/}}
{{- define "hotel.settings" -}}
{{- $common := .root.Values.component -}}
{{- if .brief -}}{{- $common = omit $common "extraIngress" "lifecycle" "podDisruptionBudget" "probes" "revisionHistoryLimit" "service" "sidecars" -}}{{- end -}}
{{- include "hotel-lib.settings" (dict "user" (.user | default 10001) "base" .base "layers" (concat (list $common (dict "pod" .root.Values.pod)) .own)) -}}
{{- end -}}

{{/* Labels and annotations of pods: dict root, settings, component, pool, annotations. */}}
{{- define "hotel.podMetadata" -}}
{{- $values := .root.Values -}}
labels:
  {{- include "hotel-lib.merged" (list $values.commonLabels .settings.pod.labels (include "hotel.selector" . | fromJson)) | fromJson | toYaml | nindent 2 }}
{{- with include "hotel-lib.merged" (list $values.commonAnnotations .settings.pod.annotations .annotations) | fromJson }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The name of a component's ServiceAccount: dict root, settings, component. */}}
{{- define "hotel.account" -}}
{{- include "hotel-lib.account" (dict "settings" .settings "default" (include "hotel.objectName" (dict "root" .root "name" .component))) -}}
{{- end -}}

{{/*
The first fields of a pod's spec: dict root, settings, component, pool. No pod gets a token of the API server: none asks it
anything.
*/}}
{{- define "hotel.podSpec" -}}
{{- include "hotel-lib.podSpec" (dict "root" .root "settings" .settings "selector" (include "hotel.selector" .) "account" (include "hotel.account" .)) -}}
{{- end -}}

{{/* Image, resources and rights of a container: dict root, image, resources, settings. */}}
{{- define "hotel.container" -}}
image: {{ include "hotel.image" . | quote }}
imagePullPolicy: {{ .image.pullPolicy | quote }}
{{- with .resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .settings.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Sources of variables and lifecycle of a component's container: settings. */}}
{{- define "hotel.containerExtras" -}}
{{- $extras := dict -}}
{{- with .extraEnvFrom -}}{{- $_ := set $extras "envFrom" . -}}{{- end -}}
{{- with .lifecycle -}}{{- $_ := set $extras "lifecycle" . -}}{{- end -}}
{{- if $extras -}}{{- toYaml $extras -}}{{- end -}}
{{- end -}}

{{/* An environment variable from a Secret: dict name, secret (name and key). */}}
{{- define "hotel.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret.name | quote }}
      key: {{ .secret.key | quote }}
{{- end -}}

{{/* The first fields of a Deployment's spec: dict settings, and optionally fixed (whether the values give its replicas). */}}
{{- define "hotel.deploymentSpec" -}}
{{- $spec := pick .settings "strategy" "revisionHistoryLimit" -}}
{{- if and .fixed (hasKey .settings "replicas") -}}{{- $_ := set $spec "replicas" .settings.replicas -}}{{- end -}}
{{- if $spec -}}{{- toYaml $spec -}}{{- end -}}
{{- end -}}

{{/* A PodDisruptionBudget, if there is more than one pod: dict root, settings, name, component, pool, replicas. */}}
{{- define "hotel.disruptionBudget" -}}
{{- if and .settings.podDisruptionBudget.enabled (gt (int .replicas) 1) }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "hotel.metadata" . | nindent 2 }}
spec:
  {{- include "hotel-lib.disruptionLimit" .settings | nindent 2 }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "hotel.selectorLabels" . | nindent 6 }}
{{- end }}
{{- end -}}

{{/* A component's ServiceAccount, without a token, if the chart makes it: dict root, settings, component. */}}
{{- define "hotel.serviceAccount" -}}
{{- if .settings.serviceAccount.create }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "hotel.metadata" (dict "root" .root "object" (include "hotel.account" .) "component" .component "annotations" .settings.serviceAccount.annotations) | nindent 2 }}
automountServiceAccountToken: false
{{- end }}
{{- end -}}

{{/* A component's Service: dict root, settings, name, component, ports (as YAML), and optionally spec. */}}
{{- define "hotel.service" -}}
{{- $service := .settings.service | default dict -}}
{{- $spec := dict "selector" (include "hotel.selector" . | fromJson) "ports" (.ports | fromYamlArray) -}}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "hotel.metadata" (merge (dict "labels" $service.labels "annotations" $service.annotations) .) | nindent 2 }}
spec:
  {{- include "hotel-lib.merged" (list $spec .spec (pick $service "type") $service.spec) | fromJson | toYaml | nindent 2 }}
{{- end -}}
