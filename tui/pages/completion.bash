# bash completion for lamina                               -*- shell-script -*-
# On top of bash-completion, which gives _get_comp_words_by_ref and __ltrim_colon_completions.

@tables

# Fills COMPREPLY for one kind of word: image, file, folder, nothing, or a choice of words.
_lamina_complete()
{
    local kind=$1 cur=$2 prefix file files
    case $kind in
        nothing) ;;
        file | folder)
            compopt -o filenames
            [[ $kind == file ]] && kind=-f || kind=-d
            mapfile -t COMPREPLY < <(compgen "$kind" -- "$cur")
            ;;
        image)
            for prefix in $_lamina_local; do
                if [[ $cur == "$prefix"* ]]; then
                    # what stands before the colon is a word of its own
                    compopt -o filenames
                    mapfile -t COMPREPLY < <(compgen -f -- "${cur#"$prefix"}")
                    return
                fi
            done
            mapfile -t COMPREPLY < <(compgen -W "$_lamina_prefixes" -- "$cur")
            mapfile -t files < <(compgen -f -- "$cur")
            if [[ ${#COMPREPLY[@]} -eq 0 ]]; then
                compopt -o filenames
                COMPREPLY=("${files[@]}")
                return
            fi
            # names of files are quoted, a prefix is not: its colon would be too
            compopt -o nospace
            for file in "${files[@]}"; do
                printf -v file %q "$file"
                COMPREPLY+=("$file")
            done
            __ltrim_colon_completions "$cur"
            ;;
        *) mapfile -t COMPREPLY < <(compgen -W "$kind" -- "$cur") ;;
    esac
}

# What the value of an option is, into `value`; empty where it has none.
_lamina_value()
{
    value=${_lamina_values[$1 $2]-${_lamina_values[$2]-}}
}

_lamina()
{
    local cur prev words cword command= at=0 i kinds value
    COMPREPLY=()
    _get_comp_words_by_ref -n := cur prev words cword

    # which command it is, and how many arguments stand before this word
    for ((i = 1; i < cword; i++)); do
        if [[ ${words[i]} == -?* ]]; then
            _lamina_value "${command:-edit}" "${words[i]}"
            [[ -n $value && $((i + 1)) -lt $cword ]] && ((i++))
        elif [[ -z $command ]]; then
            command=${words[i]}
            [[ -n ${_lamina_arguments[$command]-} || $command == help ]] || command=edit at=1
        else
            ((at++))
        fi
    done

    _lamina_value "${command:-edit}" "$prev"
    if [[ $cur == --*=* ]]; then
        _lamina_value "${command:-edit}" "${cur%%=*}"
        _lamina_complete "${value:-nothing}" "${cur#*=}"
    elif [[ -n $value ]]; then
        _lamina_complete "$value" "$cur"
    elif [[ $cur == -* && $command != help ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$_lamina_common ${_lamina_options[${command:-edit}]}" -- "$cur")
    elif [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W "${!_lamina_arguments[*]} help" -- "$cur")
        [[ ${#COMPREPLY[@]} -gt 0 && -n $cur ]] || _lamina_complete image "$cur"
        [[ -n $cur ]] || COMPREPLY+=("${!_lamina_arguments[@]}" help)
    elif [[ $command == help ]]; then
        mapfile -t COMPREPLY < <(compgen -W "${!_lamina_arguments[*]} keys" -- "$cur")
    else
        IFS='|' read -ra kinds <<<"${_lamina_arguments[$command]}"
        ((at < ${#kinds[@]})) || at=$((${#kinds[@]} - 1))
        _lamina_complete "${kinds[at]}" "$cur"
    fi
}

complete -F _lamina lamina
