{{- define "external-task-scaler.networkPolicy" -}}
{{- $policy := .Values.networkPolicy -}}
{{- $settings := include "external-task-scaler.settings" . | fromJson -}}
{{- $ingress := list -}}
{{- if or .Values.serviceMonitor.enabled $policy.monitoringFrom -}}
  {{- $metrics := dict "ports" (list (dict "port" 8090)) -}}
  {{- with $policy.monitoringFrom -}}{{- $_ := set $metrics "from" . -}}{{- end -}}
  {{- $ingress = append $ingress $metrics -}}
{{- end -}}
{{- if .Values.push.enabled -}}
  {{- $peers := .Values.push.from | default (include "external-task-scaler.podsItServes" . | fromJsonArray) -}}
  {{- $ingress = append $ingress (dict "ports" (list (dict "port" 8091)) "from" $peers) -}}
{{- end -}}
{{- $egress := list -}}
{{- with $policy.apiServerPorts -}}
  {{- $rule := dict "ports" (include "external-task-scaler.ports" . | fromJsonArray) -}}
  {{- if hasKey $policy "apiServerTo" -}}
    {{- $_ := set $rule "to" ($policy.apiServerTo | default (include "external-task-scaler.privateAddresses" $ | fromJsonArray)) -}}
  {{- end -}}
  {{- $egress = append $egress $rule -}}
{{- end -}}
{{- with $policy.enginePorts -}}
  {{- $rule := dict "ports" (include "external-task-scaler.ports" . | fromJsonArray) -}}
  {{- if hasKey $policy "enginesTo" -}}
    {{- $_ := set $rule "to" ($policy.enginesTo | default (include "external-task-scaler.podsItServes" $ | fromJsonArray)) -}}
  {{- end -}}
  {{- $egress = append $egress $rule -}}
{{- end -}}
{{- $egress = append $egress (include "hotel-lib.dnsRule" $policy | fromJson) -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "external-task-scaler.metadata" (dict "root" .) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "external-task-scaler.selector" . | fromJson | toYaml | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress: {{ concat $ingress ($settings.extraIngress | default list) | default list | toJson }}
  egress: {{ concat $egress ($settings.extraEgress | default list) | default list | toJson }}
{{- end -}}

{{/*
Where the API server is without a value: at a private address. A chart cannot know it exactly: it differs from cluster to
cluster, may change, and a user with rights in one namespace only may not look it up. IPv4 alone, since some network plugins cannot
enforce a policy that names addresses of another family.
*/}}
{{- define "external-task-scaler.privateAddresses" -}}
{{- $peers := list -}}
{{- range list "10.0.0.0/8" "172.16.0.0/12" "192.168.0.0/16" "100.64.0.0/10" -}}
  {{- $peers = append $peers (dict "ipBlock" (dict "cidr" .)) -}}
{{- end -}}
{{- toJson $peers -}}
{{- end -}}

{{/* Where the engines are without a value: among the pods of the namespaces that the operator acts in. */}}
{{- define "external-task-scaler.podsItServes" -}}
{{- list (dict (.Values.rbac.allNamespaces | ternary "namespaceSelector" "podSelector") dict) | toJson -}}
{{- end -}}

{{- define "external-task-scaler.ports" -}}
{{- $ports := list -}}
{{- range uniq . -}}{{- $ports = append $ports (dict "port" .) -}}{{- end -}}
{{- toJson $ports -}}
{{- end -}}
