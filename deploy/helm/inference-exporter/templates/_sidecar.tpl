{{/*
For the charts of model servers, which have this one as a dependency. Both take
(dict "context" . "sidecar" (dict …)); the latter is what differs from the value `sidecar`.

  spec:
    initContainers:   # `containers` where sidecar.native is false
      {{- include "inference-exporter.sidecar" (dict "context" .) | nindent 6 }}
    volumes:
      {{- include "inference-exporter.sidecarVolumes" (dict "context" .) | nindent 6 }}

The pod needs the labels of "inference-exporter.podLabels", and seconds for `linger` in
terminationGracePeriodSeconds. deploy/helm/credit-risk is a whole example.
*/}}

{{/* JSON of the settings of one sidecar: the values with what is given on top. */}}
{{- define "inference-exporter.sidecarSettings" -}}
{{- mergeOverwrite (deepCopy .own.Values.sidecar) (.sidecar | default dict) | toJson -}}
{{- end -}}

{{- define "inference-exporter.sidecar" -}}
{{- $own := get (.context.Subcharts | default dict) "inference-exporter" | default .context -}}
{{- $set := include "inference-exporter.sidecarSettings" (dict "own" $own "sidecar" .sidecar) | fromJson -}}
{{- $mounts := include "inference-exporter.sidecarMounts" $set -}}
- {{ include "inference-exporter.container" (dict
    "context" $own
    "native" $set.native
    "linger" $set.linger
    "resources" $set.resources
    "mounts" $mounts
    "configuration" "inference-exporter-config"
    "reference" (ternary "inference-exporter-reference" "" (not (empty $set.reference)))
  ) | nindent 2 | trim }}
{{- end -}}

{{- define "inference-exporter.sidecarMounts" -}}
- name: {{ .logs.volume }}
  mountPath: {{ .logs.path }}
  readOnly: true
- name: {{ .state.volume }}
  mountPath: /var/lib/inference-exporter
{{- end -}}

{{/* All volumes of the sidecar but the log's, which is the model server's too. */}}
{{- define "inference-exporter.sidecarVolumes" -}}
{{- $own := get (.context.Subcharts | default dict) "inference-exporter" | default .context -}}
{{- $set := include "inference-exporter.sidecarSettings" (dict "own" $own "sidecar" .sidecar) | fromJson -}}
# As old as the log beside it, to which its offsets belong.
- name: {{ $set.state.volume }}
  emptyDir: {sizeLimit: {{ $set.state.size }}}
- name: inference-exporter-config
  configMap: {name: {{ required "sidecar.config: the ConfigMap that has config.yaml" $set.config }}}
{{- if $set.reference }}
- name: inference-exporter-reference
  configMap: {name: {{ $set.reference }}}
{{- end }}
{{- end -}}
