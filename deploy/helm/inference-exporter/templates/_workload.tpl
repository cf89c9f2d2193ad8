{{/* What the daemonset and the joiner have in common. part: "daemonset" or "joiner"; context. */}}

{{- define "inference-exporter.partName" -}}
{{ include "inference-exporter.fullname" .context }}-{{ .part }}
{{- end -}}

{{- define "inference-exporter.partSelector" -}}
{{ include "inference-exporter.selector" .context }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "inference-exporter.partMetadata" -}}
name: {{ include "inference-exporter.partName" . }}
labels:
  {{- include "inference-exporter.labels" .context | nindent 2 }}
  app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "inference-exporter.podMetadata" -}}
{{- $set := index .context.Values .part -}}
labels:
  {{- include "inference-exporter.labels" .context | nindent 2 }}
  app.kubernetes.io/component: {{ .part }}
  {{- include "inference-exporter.podLabels" .context | nindent 2 }}
annotations:
  # Another configuration is another pod: nobody has to send a signal.
  checksum/config: {{ toJson $set.config | sha256sum }}
  {{- with $set.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "inference-exporter.podSettings" -}}
{{- $set := index .context.Values .part -}}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $set.terminationGracePeriodSeconds }}
{{- with .context.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $set.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $set.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $set.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $set.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "inference-exporter.partVolumes" -}}
{{- $set := index .context.Values .part -}}
- name: config
  configMap: {name: {{ include "inference-exporter.partName" . }}}
{{- with $set.reference }}
- name: reference
  configMap: {name: {{ . }}}
{{- end }}
{{- end -}}

{{- define "inference-exporter.partContainer" -}}
{{- $set := index .context.Values .part -}}
{{- include "inference-exporter.container" (dict
    "context" .context
    "resources" $set.resources
    "mounts" .mounts
    "configuration" "config"
    "reference" (ternary "reference" "" (not (empty $set.reference)))
) -}}
{{- end -}}
