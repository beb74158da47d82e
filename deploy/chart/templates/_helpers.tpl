{{- define "nixie.labels" -}}
app.kubernetes.io/name: nixie
{{- end }}
