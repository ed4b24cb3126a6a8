{{/* The four services: name → what it is set to, with its port, and `mostReplicas`: how many pods it may have. */}}
{{- define "hotel.services" -}}
{{- $services := dict -}}
{{- range $name, $port := dict "booking" 5001 "room" 5002 "restaurant" 5003 "client" 5004 -}}
  {{- $service := mustMergeOverwrite (deepCopy $.Values.services.defaults) (deepCopy (index $.Values.services $name)) -}}
  {{- $_ := set $service "mostReplicas" ($service.autoscaling.enabled | ternary $service.autoscaling.maxReplicas $service.replicas) -}}
  {{- $_ := set $services $name (set $service "port" $port) -}}
{{- end -}}
{{- toYaml $services -}}
{{- end -}}
