{{/* What all pods have in common. */}}

{{/* A component's pod settings: dict root, pod. The component's own win; maps are merged. */}}
{{- define "hotel.podSettings" -}}
{{- mustMergeOverwrite (deepCopy .root.Values.pod) (deepCopy (.pod | default dict)) | toYaml -}}
{{- end -}}

{{/* Labels and annotations of pods: dict root, component, pool, pod, annotations. */}}
{{- define "hotel.podMetadata" -}}
{{- $pod := include "hotel.podSettings" . | fromYaml -}}
labels:
  {{- include "hotel.selector" . | nindent 2 }}
  {{- with merge (dict) $pod.labels .root.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.annotations | default dict) $pod.annotations .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
The first fields of a pod's spec: dict root, component, pool, pod, and optionally account (which has a ServiceAccount of
its own name) and user (the numeric user).
No pod gets a token of the API server: none asks it anything.
*/}}
{{- define "hotel.podSpec" -}}
{{- $pod := include "hotel.podSettings" . | fromYaml -}}
{{- $user := .user | default 10001 -}}
{{- $context := dict "runAsNonRoot" true "runAsUser" $user "runAsGroup" $user "fsGroup" $user "fsGroupChangePolicy" "OnRootMismatch" "seccompProfile" (dict "type" "RuntimeDefault") -}}
serviceAccountName: {{ include "hotel.fullname" .root }}-{{ .account | default .component }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  {{- range $key, $value := mustMergeOverwrite $context $pod.securityContext }}
  {{- if not (kindIs "invalid" $value) }}
  {{ $key }}: {{ toJson $value }}
  {{- end }}
  {{- end }}
{{- with $pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- if $pod.topologySpreadConstraints }}
  {{- toYaml $pod.topologySpreadConstraints | nindent 2 }}
  {{- else }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "hotel.selector" . | nindent 8 }}
  {{- end }}
{{- end -}}

{{- define "hotel.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Name and pull policy of a container's image: dict root, image. */}}
{{- define "hotel.containerImage" -}}
image: {{ include "hotel.image" . }}
imagePullPolicy: {{ .image.pullPolicy }}
{{- end -}}

{{/* An environment variable from a Secret: dict name, secret (name and key). */}}
{{- define "hotel.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret.name }}
      key: {{ .secret.key }}
{{- end -}}

{{/* A PodDisruptionBudget, where there is more than one pod: dict root, name, component, pool, replicas. */}}
{{- define "hotel.disruptionBudget" -}}
{{- if gt (int .replicas) 1 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "hotel.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "hotel.selector" . | nindent 6 }}
{{- end }}
{{- end -}}

{{/* A ServiceAccount without a token: dict root, name, component, annotations. */}}
{{- define "hotel.serviceAccount" -}}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "hotel.metadata" . | nindent 2 }}
automountServiceAccountToken: false
{{- end -}}
