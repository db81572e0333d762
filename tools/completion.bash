# bash completion for xsite: verbs, options, and what an option's value may be.  The build puts two tables behind it
# (tools/manual.c): _xsite_verbs, a verb a line, and _xsite_rows VERB, which prints the verb's words (`FILE`) and then
# its options: `--data FILE`, `--method=coral dann` or `--resume`.
# shellcheck shell=bash

# Fills COMPREPLY with what begins with $2 and is of the kind $1: files, folders, or one of the words behind `=`.
_xsite_complete() {
  case $1 in
  =*) mapfile -t COMPREPLY < <(compgen -W "${1#=}" -- "$2") ;;
  DIR) mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
  *FILE* | IMAGE* | MAPPING*) mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
  esac
  case $1 in =*) ;; *) compopt -o filenames 2>/dev/null ;; esac
}

# The verb that the words typed so far ($1) begin with; else the next words of verbs that could be meant, behind `=`.
_xsite_find() {
  local verb next=
  while read -r verb; do
    [[ $1 == "$verb "* ]] && echo "$verb" && return
    [[ $verb == "$1"* ]] && verb=${verb#"$1"} && next+=" ${verb%% *}"
  done <<<"$_xsite_verbs"
  [ -n "$1" ] || next+=' help --help --version'
  echo "=$next"
}

_xsite() {
  local current=${COMP_WORDS[COMP_CWORD]} IFS=$' \t\n' option verb row name words= names='' typed
  typed="${COMP_WORDS[*]:1:COMP_CWORD-1}"
  typed=${typed:+$typed }
  typed=${typed//--isolate /}
  COMPREPLY=()
  verb=$(_xsite_find "${typed#help }")
  [[ $verb == =* ]] && _xsite_complete "$verb" "$current" && return
  # --option value, or --option=value, which is three words
  [ "$current" = = ] && current='' && option=${COMP_WORDS[COMP_CWORD - 1]}
  : "${option:=${COMP_WORDS[COMP_CWORD - 1]}}"
  [ "$option" = = ] && option=${COMP_WORDS[COMP_CWORD - 2]}
  while read -r row; do
    name=${row%%[= ]*}
    [[ $row != --* ]] && words=$row && continue
    [[ $name == "$option" && $row != "$name" ]] && row=${row#"$name"} && _xsite_complete "${row# }" "$current" && return
    names+=" $name"
  done < <(_xsite_rows "$verb")
  [[ $current == -* ]] && words="=$names"
  _xsite_complete "$words" "$current"
}

complete -F _xsite xsite
