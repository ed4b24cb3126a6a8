{{- define "external-task-scaler.deployment" -}}
{{- $settings := include "external-task-scaler.settings" . | fromJson -}}
{{- $selector := include "external-task-scaler.selector" . -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "external-task-scaler.metadata" (dict "root" .) | nindent 2 }}
spec:
  {{- if hasKey .Values "replicas" }}
  replicas: {{ toJson .Values.replicas }}
  {{- end }}
  {{- with $settings.revisionHistoryLimit }}
  revisionHistoryLimit: {{ toJson . }}
  {{- end }}
  selector:
    matchLabels:
      {{- $selector | fromJson | toYaml | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "hotel-lib.merged" (list .Values.commonLabels $settings.pod.labels ($selector | fromJson)) | fromJson | toYaml | nindent 8 }}
      {{- with include "hotel-lib.merged" (list .Values.commonAnnotations $settings.pod.annotations) | fromJson }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "hotel-lib.podSpec" (dict "root" . "settings" $settings "selector" $selector "token" true "account" (include "external-task-scaler.account" .)) | nindent 6 }}
      {{- with $settings.initContainers }}
      initContainers:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: operator
          image: {{ include "external-task-scaler.image" . | quote }}
          imagePullPolicy: {{ .Values.image.pullPolicy | quote }}
          env:
            {{- include "hotel-lib.env" (dict "own" (include "external-task-scaler.env" .) "extra" $settings.extraEnv) | nindent 12 }}
          {{- with $settings.extraEnvFrom }}
          envFrom:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            - name: metrics
              containerPort: 8090
            {{- if .Values.push.enabled }}
            - name: push
              containerPort: 8091
            {{- end }}
          {{- with include "hotel-lib.probes" (dict "probes" $settings.probes "handler" "httpGet") }}
          {{- . | nindent 10 }}
          {{- end }}
          {{- with $settings.lifecycle }}
          lifecycle:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with $settings.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- with $settings.securityContext }}
          securityContext:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
            {{- if .Values.push.enabled }}
            - name: push-token
              mountPath: /etc/external-task-scaler/push
              readOnly: true
            {{- end }}
            {{- with $settings.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
        {{- with $settings.sidecars }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      volumes:
        - name: tmp
          emptyDir: {}
        {{- if .Values.push.enabled }}
        - name: push-token
          secret:
            secretName: {{ required "push.enabled needs push.tokenSecret.name: a Secret with the bearer token of pushes" .Values.push.tokenSecret.name | quote }}
            items: [{ key: {{ .Values.push.tokenSecret.key | quote }}, path: token }]
        {{- end }}
        {{- with $settings.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end -}}

{{/* The operator's environment, as a YAML list. */}}
{{- define "external-task-scaler.env" -}}
- name: OPERATOR_NAMESPACES
  value: {{ .Values.rbac.allNamespaces | ternary "*" .Release.Namespace | quote }}
{{- with .Values.allowedEngines }}
- name: OPERATOR_ALLOWED_ENGINES
  value: {{ join "," . | quote }}
{{- end }}
{{- if .Values.push.enabled }}
- name: OPERATOR_PUSH_TOKEN_FILE
  value: /etc/external-task-scaler/push/token
{{- end }}
- name: POD_NAME
  valueFrom:
    fieldRef: { fieldPath: metadata.name }
- name: POD_NAMESPACE
  valueFrom:
    fieldRef: { fieldPath: metadata.namespace }
- name: LOG_LEVEL
  value: {{ .Values.logLevel | quote }}
{{- end -}}
