#compdef lamina
# The whole file is the function that is called.

local -a _lamina_prefixes _lamina_local _lamina_commands _lamina_common
@tables

_lamina_image() {
  local prefix
  for prefix in $_lamina_local; do
    if compset -P $prefix; then
      _files
      return
    fi
  done
  _alternative 'prefixes:kind of image:compadd -S "" -a _lamina_prefixes' 'files:file:_files'
}

_lamina_first() {
  _alternative 'commands:command:{_describe command _lamina_commands}' 'images:image:_lamina_image'
}

local curcontext=$curcontext state state_descr line
local -A opt_args
_arguments -C -s $_lamina_common '1: :_lamina_first' '*:: :->rest' && return
[[ $state == rest ]] || return 1
local name=$words[1]
if [[ $name == help ]]; then
  _arguments '1: :{_describe command _lamina_commands}'
elif [[ -n ${(M)_lamina_commands:#$name:*} ]]; then
  name=_lamina_$name
  _arguments -s $_lamina_common ${(P)name}
else
  _arguments -s $_lamina_common $_lamina_edit
fi
