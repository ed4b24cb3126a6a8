{{/* Written by charts/generate.py. */}}
{{- define "hotel.defaults" -}}
{
 "global": {
  "imageRegistry": "",
  "imagePullSecrets": []
 },
 "nameOverride": "",
 "fullnameOverride": "",
 "commonLabels": {},
 "commonAnnotations": {},
 "extraObjects": [],
 "timeZone": "",
 "pod": {
  "annotations": {},
  "labels": {},
  "nodeSelector": {},
  "tolerations": [],
  "affinity": {},
  "topologySpreadConstraints": [],
  "priorityClassName": "",
  "schedulerName": "",
  "runtimeClassName": "",
  "hostAliases": [],
  "dnsPolicy": null,
  "dnsConfig": {},
  "securityContext": {}
 },
 "component": {
  "initContainers": [],
  "sidecars": [],
  "probes": {},
  "lifecycle": {},
  "securityContext": {},
  "terminationGracePeriodSeconds": null,
  "revisionHistoryLimit": null,
  "podDisruptionBudget": {},
  "service": {},
  "serviceAccount": {},
  "extraIngress": [],
  "extraEgress": []
 },
 "waitForDatabase": {
  "resources": {
   "requests": {
    "cpu": "10m",
    "memory": "32Mi"
   },
   "limits": {
    "memory": "64Mi"
   }
  }
 },
 "engine": {
  "image": {
   "registry": "",
   "repository": "hotel-engine",
   "tag": "",
   "digest": "",
   "pullPolicy": "IfNotPresent"
  },
  "replicas": 1,
  "strategy": {
   "type": "RollingUpdate",
   "rollingUpdate": {
    "maxSurge": 1,
    "maxUnavailable": 0
   }
  },
  "databasePool": 20,
  "processDefinitions": [
   "HotelReservationProcess",
   "ClientCreationProcess"
  ],
  "historyTimeToLive": "",
  "allowedHosts": [],
  "allowedOrigins": [],
  "models": {
   "allow": [],
   "classes": [],
   "beans": []
  },
  "auth": {
   "admin": {
    "user": "admin",
    "existingSecret": "",
    "existingSecretKey": "password"
   },
   "deployer": {
    "user": "deployer",
    "existingSecret": "",
    "existingSecretKey": "password"
   },
   "worker": {
    "user": "worker",
    "existingSecret": "",
    "existingSecretKey": "password"
   },
   "scaler": {
    "user": "scaler",
    "existingSecret": "",
    "existingSecretKey": "password"
   },
   "client": {
    "user": "client",
    "existingSecret": "",
    "existingSecretKey": "password"
   }
  },
  "external": {
   "enabled": false,
   "url": "",
   "caSecret": "",
   "caSecretKey": "ca.crt"
  },
  "resources": {
   "requests": {
    "cpu": "100m",
    "memory": "640Mi"
   },
   "limits": {
    "memory": "1Gi"
   }
  },
  "extraEnv": [],
  "extraEnvFrom": [],
  "extraVolumes": [],
  "extraVolumeMounts": [],
  "pod": {}
 },
 "services": {
  "image": {
   "registry": "",
   "repository": "hotel-service",
   "tag": "",
   "digest": "",
   "pullPolicy": "IfNotPresent"
  },
  "token": {
   "existingSecret": "",
   "existingSecretKey": "token"
  },
  "defaults": {
   "replicas": 1,
   "autoscaling": {
    "enabled": false,
    "minReplicas": 1,
    "maxReplicas": 4,
    "metrics": [
     {
      "type": "Resource",
      "resource": {
       "name": "cpu",
       "target": {
        "type": "Utilization",
        "averageUtilization": 80
       }
      }
     }
    ],
    "behavior": {}
   },
   "threads": 8,
   "databasePool": 8,
   "logLevel": "INFO",
   "strategy": {
    "type": "RollingUpdate",
    "rollingUpdate": {
     "maxSurge": 1,
     "maxUnavailable": 0
    }
   },
   "resources": {
    "requests": {
     "cpu": "25m",
     "memory": "128Mi"
    },
    "limits": {
     "memory": "256Mi"
    }
   },
   "extraEnv": [],
   "extraEnvFrom": [],
   "extraVolumes": [],
   "extraVolumeMounts": [],
   "pod": {}
  },
  "booking": {},
  "room": {},
  "restaurant": {},
  "client": {}
 },
 "worker": {
  "image": {
   "registry": "",
   "repository": "hotel-worker",
   "tag": "",
   "digest": "",
   "pullPolicy": "IfNotPresent"
  },
  "pools": {
   "default": {
    "topics": [
     "validate-input",
     "search-client",
     "create-client",
     "check-room-availability",
     "block-room",
     "reserve-table",
     "confirm-room",
     "create-booking",
     "cancel-booking",
     "cancel-table",
     "release-room"
    ]
   }
  },
  "extraTopics": [],
  "allowSharedTopics": false,
  "externalOperator": {
   "enabled": false,
   "namespace": "",
   "serviceAccount": "external-task-scaler"
  },
  "defaults": {
   "topics": [],
   "replicas": 1,
   "slots": 8,
   "lockSeconds": 60,
   "drainSeconds": 25,
   "logLevel": "INFO",
   "strategy": {
    "type": "RollingUpdate",
    "rollingUpdate": {
     "maxSurge": 1,
     "maxUnavailable": 0
    }
   },
   "autoscaling": {
    "enabled": true,
    "minReplicaCount": 1,
    "maxReplicaCount": 10,
    "spec": {}
   },
   "resources": {
    "requests": {
     "cpu": "25m",
     "memory": "64Mi"
    },
    "limits": {
     "memory": "192Mi"
    }
   },
   "extraEnv": [],
   "extraEnvFrom": [],
   "extraVolumes": [],
   "extraVolumeMounts": [],
   "pod": {}
  }
 },
 "cli": {
  "image": {
   "registry": "",
   "repository": "hotel-cli",
   "tag": "",
   "digest": "",
   "pullPolicy": "IfNotPresent"
  }
 },
 "deploy": {
  "enabled": true,
  "existingConfigMap": "",
  "files": {},
  "historyTimeToLive": "",
  "timeoutSeconds": 600,
  "resources": {
   "requests": {
    "cpu": "25m",
    "memory": "64Mi"
   },
   "limits": {
    "memory": "128Mi"
   }
  },
  "extraEnv": [],
  "extraEnvFrom": [],
  "extraVolumes": [],
  "extraVolumeMounts": [],
  "pod": {},
  "waitForEngine": {
   "resources": null
  }
 },
 "test": {
  "enabled": true,
  "timeoutSeconds": 120,
  "roomType": "A",
  "resources": {
   "requests": {
    "cpu": "25m",
    "memory": "64Mi"
   },
   "limits": {
    "memory": "128Mi"
   }
  },
  "extraEnv": [],
  "extraEnvFrom": [],
  "extraVolumes": [],
  "extraVolumeMounts": [],
  "pod": {}
 },
 "postgresql": {
  "enabled": true,
  "image": {
   "registry": "docker.io",
   "repository": "library/postgres",
   "tag": "17",
   "digest": "",
   "pullPolicy": "IfNotPresent"
  },
  "auth": {
   "existingSecret": "",
   "existingSecretKey": "password"
  },
  "parameters": {
   "max_connections": 200,
   "shared_buffers": "128MB",
   "tcp_keepalives_count": 3,
   "tcp_keepalives_idle": 20,
   "tcp_keepalives_interval": 5,
   "tcp_user_timeout": "30s"
  },
  "persistence": {
   "existingClaim": "",
   "size": "8Gi",
   "storageClass": "",
   "accessModes": [
    "ReadWriteOnce"
   ],
   "annotations": {},
   "labels": {}
  },
  "resources": {
   "requests": {
    "cpu": "100m",
    "memory": "256Mi"
   },
   "limits": {
    "memory": "512Mi"
   }
  },
  "usersContainer": {
   "resources": {
    "requests": {
     "cpu": "10m",
     "memory": "16Mi"
    },
    "limits": {
     "memory": "128Mi"
    }
   }
  },
  "extraEnv": [],
  "extraEnvFrom": [],
  "extraVolumes": [],
  "extraVolumeMounts": [],
  "pod": {}
 },
 "externalDatabase": {
  "host": "",
  "port": 5432,
  "sslMode": "require",
  "caSecret": "",
  "caSecretKey": "ca.crt"
 },
 "databases": {
  "engine": {
   "name": "engine",
   "user": "engine",
   "existingSecret": "",
   "existingSecretKey": "password"
  },
  "booking": {
   "name": "booking",
   "user": "booking",
   "existingSecret": "",
   "existingSecretKey": "password"
  },
  "room": {
   "name": "room",
   "user": "room",
   "existingSecret": "",
   "existingSecretKey": "password"
  },
  "restaurant": {
   "name": "restaurant",
   "user": "restaurant",
   "existingSecret": "",
   "existingSecretKey": "password"
  },
  "client": {
   "name": "client",
   "user": "client",
   "existingSecret": "",
   "existingSecretKey": "password"
  }
 },
 "ingress": {
  "enabled": false,
  "className": "",
  "pathType": "Prefix",
  "annotations": {},
  "engineHost": "",
  "enginePaths": [
   "/operaton"
  ],
  "servicesHost": "",
  "tls": []
 },
 "httpRoute": {
  "enabled": false,
  "parentRefs": [],
  "annotations": {},
  "filters": [],
  "engineHost": "",
  "enginePaths": [
   "/operaton"
  ],
  "servicesHost": ""
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
  "ingressFrom": [],
  "engineFrom": [],
  "servicesFrom": [],
  "monitoringFrom": [],
  "externalEngineTo": [],
  "externalDatabaseTo": []
 },
 "monitoring": {
  "serviceMonitor": {
   "enabled": false,
   "labels": {},
   "interval": "30s",
   "scrapeTimeout": "",
   "relabelings": [],
   "metricRelabelings": []
  },
  "prometheusRule": {
   "enabled": false,
   "labels": {}
  },
  "dashboard": {
   "enabled": false,
   "labels": {
    "grafana_dashboard": "1"
   }
  }
 }
}
{{- end -}}
