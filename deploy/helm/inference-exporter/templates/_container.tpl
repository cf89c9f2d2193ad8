{{/*
The container of an exporter, whichever way it runs.
context: this chart's; resources; configuration and reference: whether they are mounted;
mounts: YAML of further mounts; linger: seconds to go on after its pod was told to end.
*/}}
{{- define "inference-exporter.container" -}}
{{- $values := .context.Values -}}
name: inference-exporter
image: {{ include "inference-exporter.image" .context }}
imagePullPolicy: {{ $values.image.pullPolicy }}
{{- if .native }}
restartPolicy: Always
{{- end }}
args:
  - run
  - --config.file=/etc/inference-exporter/config.yaml
  - --storage.path=/var/lib/inference-exporter
  - --web.listen-address=:{{ $values.exporter.port }}
  {{- with $values.exporter.extraArgs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.exporter.env }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - name: metrics
    containerPort: {{ $values.exporter.port }}
# No readiness probe: a pod whose exporter is not ready yet should serve predictions.
livenessProbe:
  httpGet: {path: /-/healthy, port: metrics}
  periodSeconds: 30
  timeoutSeconds: 5
{{- if .linger }}
lifecycle:
  preStop:
    exec: {command: [sleep, {{ .linger | quote }}]}
{{- end }}
resources:
  {{- toYaml (.resources | default $values.exporter.resources) | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
volumeMounts:
  {{- .mounts | nindent 2 }}
  - name: {{ .configuration }}
    mountPath: /etc/inference-exporter
    readOnly: true
  {{- if .reference }}
  - name: {{ .reference }}
    mountPath: /etc/inference-exporter/reference
    readOnly: true
  {{- end }}
{{- end -}}
