{{- define "external-task-scaler.rbac" -}}
{{- $everywhere := .Values.rbac.allNamespaces -}}
{{- $scope := dict "root" . "clusterWide" $everywhere -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $everywhere | ternary "ClusterRole" "Role" }}
metadata:
  {{- include "external-task-scaler.metadata" $scope | nindent 2 }}
rules:
  - apiGroups: [hotel.example.com]
    resources: [externaltaskscalers]
    verbs: [get, list, watch]
  - apiGroups: [hotel.example.com]
    resources: [externaltaskscalers/status]
    verbs: [patch]
  # The replicas, and nothing else of a workload.
  - apiGroups: [apps]
    resources: [deployments/scale, statefulsets/scale]
    verbs: [get, update]
  {{- range .Values.rbac.scaleTargets }}
  - apiGroups: [{{ toJson .apiGroup }}]
    resources: [{{ toJson (printf "%s/scale" .resource) }}]
    verbs: [get, update]
  {{- end }}
  # Which pods a workload has and whether one still exists; annotations say what each one's deletion costs.
  - apiGroups: [""]
    resources: [pods]
    verbs: [get, list, patch]
  # Whether somebody else scales the workload; taking it over is a change of that.
  - apiGroups: [autoscaling]
    resources: [horizontalpodautoscalers]
    verbs: [list{{ if .Values.rbac.takeOver }}, patch{{ end }}]
  - apiGroups: [keda.sh]
    resources: [scaledobjects]
    verbs: [list{{ if .Values.rbac.takeOver }}, patch{{ end }}]
  - apiGroups: [""]
    resources: [events]
    verbs: [create, patch]
  # One operator acts in a namespace.
  - apiGroups: [coordination.k8s.io]
    resources: [leases]
    verbs: [create]
  - apiGroups: [coordination.k8s.io]
    resources: [leases]
    resourceNames: [external-task-operator]
    verbs: [get, update]
  {{- if .Values.rbac.anySecret }}
  - apiGroups: [""]
    resources: [secrets]
    verbs: [get]
  {{- else if .Values.rbac.secrets }}
  - apiGroups: [""]
    resources: [secrets]
    resourceNames: {{ toJson .Values.rbac.secrets }}
    verbs: [get]
  {{- end }}
  {{- with .Values.rbac.configMaps }}
  - apiGroups: [""]
    resources: [configmaps]
    resourceNames: {{ toJson . }}
    verbs: [get]
  {{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $everywhere | ternary "ClusterRoleBinding" "RoleBinding" }}
metadata:
  {{- include "external-task-scaler.metadata" $scope | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $everywhere | ternary "ClusterRole" "Role" }}
  name: {{ printf "%s%s" ($everywhere | ternary (printf "%s-" .Release.Namespace) "") (include "external-task-scaler.fullname" .) | quote }}
subjects:
  - kind: ServiceAccount
    name: {{ include "external-task-scaler.account" . | quote }}
    namespace: {{ .Release.Namespace | quote }}
{{- end -}}
