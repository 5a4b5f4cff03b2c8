# bash splits words at colons, and URLs of feeds contain colons. The parts are joined before completion, and the candidates are
# cut to the part that bash considers the word.
#
# bash inserts candidates literally. URLs, folders and tags come from others, so they are quoted: nothing in them is a pattern
# or a command.
_newswire() {
    local -
    set -o noglob
    local line=$COMP_LINE whole=() last=-1 at=0 i word
    for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
        word=${COMP_WORDS[i]}
        if ((last >= 0)) && [[ $line != [[:blank:]]* && ( $word == :* || ${whole[last]} == *: ) ]]; then
            whole[last]+=$word
        else
            whole[++last]=$word
        fi
        ((i == COMP_CWORD)) && at=$last
        line=${line#"${line%%[![:blank:]]*}"}
        line=${line#"$word"}
    done
    # A partly completed word is already quoted.
    whole[at]=${whole[at]//\\/}
    local COMP_WORDS=("${whole[@]}") COMP_CWORD=$at current=${whole[at]}
    _clap_complete_newswire "$1" "$current" "$3"
    if [[ $COMP_WORDBREAKS == *:* && $current == *:* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*:}"}"}")
    fi
    for i in "${!COMPREPLY[@]}"; do
        printf -v "COMPREPLY[$i]" %q "${COMPREPLY[i]}"
    done
}
