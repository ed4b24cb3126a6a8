{{/* Where engines push to. One operator acts in a namespace; a push that reaches another one is answered and does nothing. */}}
{{- define "external-task-scaler.pushService" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "external-task-scaler.metadata" (dict "root" . "account" (printf "%s-push" (include "external-task-scaler.fullname" .))) | nindent 2 }}
spec:
  selector:
    {{- include "external-task-scaler.selector" . | fromJson | toYaml | nindent 4 }}
  ports:
    - name: push
      port: 8091
      targetPort: push
      appProtocol: http
{{- end -}}
