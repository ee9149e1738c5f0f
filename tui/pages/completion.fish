# fish completion for lamina

# The words before this one that are neither options nor their values.
function __lamina_words
    set -l skip no
    for word in (commandline -opc)[2..]
        if test $skip = yes
            set skip no
        else if string match -q -- '-?*' $word
            contains -- $word $__lamina_valued; and set skip yes
        else
            echo $word
        end
    end
end

# Whether the command is this one: a word that is none is an image to edit; none: no word yet.
function __lamina_is
    set -l word (__lamina_words)[1]
    test -n "$word"; or set word none
    contains -- $word none $__lamina_commands; or set word edit
    test $word = $argv[1]
end

function __lamina_image
    set -l word (commandline -ct)
    for prefix in $__lamina_local
        if string match -q -- "$prefix*" $word
            printf "$prefix%s\n" (__fish_complete_path (string replace -- $prefix '' $word))
            return
        end
    end
    printf '%s\n' $__lamina_prefixes
    __fish_complete_path $word
end

# Of the kinds of a command's arguments the one that is next; the last one goes on.
function __lamina_argument
    set -l words (__lamina_words)
    contains -- $words[1] $__lamina_commands; and set -e words[1]
    set -l at (math (count $words) + 1)
    test $at -le (count $argv); or set at (count $argv)
    switch $argv[$at]
        case image
            __lamina_image
        case file
            __fish_complete_path (commandline -ct)
    end
end

@tables
