# Completion of inference-exporter for fish, as ~/.config/fish/completions/inference-exporter.fish

function __inference_exporter_words
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] completion fish --words $words[2..-1] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else if string match -qr -- '^--[^=]+=' $words[-1]
        set -l parts (string split -m 1 = -- $words[-1])
        for path in (__fish_complete_path $parts[2])
            echo "$parts[1]=$path"
        end
    else
        __fish_complete_path $words[-1]
    end
end

complete -c inference-exporter -f -a '(__inference_exporter_words)'
