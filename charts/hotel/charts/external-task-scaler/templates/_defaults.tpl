{{/* Written by charts/generate.py. */}}
{{- define "external-task-scaler.defaults" -}}
{
 "nameOverride": "",
 "fullnameOverride": "",
 "commonLabels": {},
 "commonAnnotations": {},
 "global": {
  "imageRegistry": "",
  "imagePullSecrets": []
 },
 "image": {
  "registry": "",
  "repository": "external-task-scaler",
  "tag": "",
  "digest": "",
  "pullPolicy": "IfNotPresent"
 },
 "replicas": 1,
 "logLevel": "INFO",
 "rbac": {
  "allNamespaces": false,
  "secrets": [],
  "anySecret": false,
  "scaleTargets": [],
  "takeOver": false,
  "configMaps": [],
  "admissionPolicy": {
   "enabled": true
  }
 },
 "allowedEngines": [],
 "push": {
  "enabled": false,
  "tokenSecret": {
   "name": "",
   "key": "token"
  },
  "from": []
 },
 "resources": {
  "requests": {
   "cpu": "25m",
   "memory": "96Mi"
  },
  "limits": {
   "memory": "256Mi"
  }
 },
 "extraEnv": [],
 "extraEnvFrom": null,
 "extraVolumes": null,
 "extraVolumeMounts": null,
 "initContainers": null,
 "sidecars": null,
 "probes": null,
 "lifecycle": null,
 "securityContext": null,
 "terminationGracePeriodSeconds": null,
 "revisionHistoryLimit": null,
 "podDisruptionBudget": null,
 "service": null,
 "serviceAccount": null,
 "extraIngress": null,
 "extraEgress": null,
 "pod": {
  "annotations": null,
  "labels": null,
  "nodeSelector": null,
  "tolerations": null,
  "affinity": null,
  "topologySpreadConstraints": null,
  "priorityClassName": null,
  "schedulerName": null,
  "runtimeClassName": null,
  "hostAliases": null,
  "dnsPolicy": null,
  "dnsConfig": null,
  "securityContext": null
 },
 "networkPolicy": {
  "enabled": true,
  "dns": [
   {
    "namespaceSelector": {
     "matchLabels": {
      "kubernetes.io/metadata.name": "kube-system"
     }
    }
   },
   {
    "namespaceSelector": {
     "matchLabels": {
      "kubernetes.io/metadata.name": "openshift-dns"
     }
    }
   }
  ],
  "dnsPorts": [
   53,
   5353
  ],
  "apiServerTo": [],
  "apiServerPorts": [
   443,
   6443
  ],
  "enginesTo": [],
  "enginePorts": [
   8080
  ],
  "monitoringFrom": []
 },
 "serviceMonitor": {
  "enabled": false,
  "labels": {},
  "interval": "30s",
  "scrapeTimeout": "",
  "relabelings": [],
  "metricRelabelings": []
 },
 "renderedBy": ""
}
{{- end -}}
