#compdef inference-exporter
# Completion of inference-exporter for zsh, as a file _inference-exporter in a folder of fpath.

_inference_exporter() {
  local line
  local -a found shown open opened
  for line in "${(@f)$("${words[1]}" completion zsh --words "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    local word=${line%%$'\t'*}
    if [[ $word == *= ]]; then
      open+=("$word")
      opened+=("$word  ${line#*$'\t'}")
    else
      found+=("$word")
      shown+=("$word  ${line#*$'\t'}")
    fi
  done
  if (( $#found + $#open )); then
    (( $#open )) && compadd -S '' -l -d opened -a open
    (( $#found )) && compadd -l -d shown -a found
  else
    compset -P '--*='
    _files
  fi
}

if [[ $funcstack[1] == _inference-exporter ]]; then
  _inference_exporter "$@"
else
  compdef _inference_exporter inference-exporter
fi
