# bash parts words at colons, and the URLs of feeds have some: they are put together before, and what comes back is cut to
# what bash believes to be the word.
#
# URLs, folders and tags are texts of others, and bash would put them on the command line as they are: they are quoted, so
# that nothing in them is a pattern or a command.
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
    # A word that was completed in part is quoted already.
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
