# Completion of inference-exporter for bash. In ~/.bashrc:
#   source <(inference-exporter completion bash)

_inference_exporter() {
  local word
  COMPREPLY=()
  while IFS=$'\t' read -r word _; do
    # bash takes what is behind the = for a word of its own
    [[ $word == *=?* ]] && word=${word#*=}
    [[ $word == *= ]] && compopt -o nospace
    COMPREPLY+=("$word")
  done < <("$1" completion bash --words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}

complete -o default -F _inference_exporter inference-exporter
