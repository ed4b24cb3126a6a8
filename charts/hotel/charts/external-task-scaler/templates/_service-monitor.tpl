{{- define "external-task-scaler.serviceMonitor" -}}
{{- $settings := include "external-task-scaler.settings" . | fromJson -}}
{{- $service := $settings.service | default dict -}}
{{- $selector := include "external-task-scaler.selector" . | fromJson -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "external-task-scaler.metadata" (dict "root" . "labels" $service.labels "annotations" $service.annotations) | nindent 2 }}
spec:
  {{- include "hotel-lib.merged" (list (dict "clusterIP" "None") (include "hotel-lib.serviceSpec" $settings | fromYaml)) | fromJson | toYaml | nindent 2 }}
  selector:
    {{- toYaml $selector | nindent 4 }}
  ports:
    - name: metrics
      port: 8090
      targetPort: metrics
      appProtocol: http
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  {{- include "external-task-scaler.metadata" (dict "root" . "labels" .Values.serviceMonitor.labels) | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- toYaml $selector | nindent 6 }}
  endpoints:
    # The namespace in its metrics is the scaler's.
    - {{- include "hotel-lib.monitorEndpoint" (dict "port" "metrics" "path" "/metrics" "monitor" .Values.serviceMonitor "honorLabels" true) | nindent 6 }}
{{- end -}}
