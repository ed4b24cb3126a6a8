{{/*
All objects of the operator. A chart that has this one as a part may render them itself, with settings of its own merged into
the values (`renderedBy`): a part cannot see the values of the whole.
*/}}
{{- define "external-task-scaler.objects" -}}
{{- if (include "external-task-scaler.settings" . | fromJson).serviceAccount.create }}
---
{{ include "external-task-scaler.serviceAccount" . }}
{{- end }}
---
{{ include "external-task-scaler.rbac" . }}
{{ include "external-task-scaler.admissionPolicy" . }}
---
{{ include "external-task-scaler.deployment" . }}
{{- $settings := include "external-task-scaler.settings" . | fromJson }}
{{- if and $settings.podDisruptionBudget.enabled (gt (get .Values "replicas" | default 1 | int) 1) }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "external-task-scaler.metadata" (dict "root" .) | nindent 2 }}
spec:
  {{- include "hotel-lib.disruptionLimit" $settings | nindent 2 }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "external-task-scaler.selector" . | fromJson | toYaml | nindent 6 }}
{{- end }}
{{- if .Values.push.enabled }}
---
{{ include "external-task-scaler.pushService" . }}
{{- end }}
{{- if .Values.networkPolicy.enabled }}
---
{{ include "external-task-scaler.networkPolicy" . }}
{{- end }}
{{- if .Values.serviceMonitor.enabled }}
---
{{ include "external-task-scaler.serviceMonitor" . }}
{{- end }}
{{- end -}}

{{- define "external-task-scaler.serviceAccount" -}}
{{- $settings := include "external-task-scaler.settings" . | fromJson -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- $annotations := include "hotel-lib.merged" (list .Values.serviceAccountAnnotations $settings.serviceAccount.annotations) | fromJson }}
  {{- include "external-task-scaler.metadata" (dict "root" . "account" (include "external-task-scaler.account" .) "annotations" $annotations) | nindent 2 }}
automountServiceAccountToken: false
{{- end -}}
