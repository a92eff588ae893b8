# SPDX-License-Identifier: Apache-2.0
# bash completion of tern: nouns, verbs and options.

_tern()
{
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verbs='' options
    local attributes='--full-name --comment --user-comment --home --home-drive --profile --script --workstations --expires
        --password-stdin --password-prompt --must-change --no-expire-password --no-change-password'
    COMPREPLY=()
    case $prev in
    --transport) COMPREPLY=($(compgen -W 'pipe tcp' -- "$cur")); return ;;
    --mux) COMPREPLY=($(compgen -W 'auto on off' -- "$cur") $(compgen -f -- "$cur")); return ;;
    --rpc-level) COMPREPLY=($(compgen -W 'none connect integrity privacy' -- "$cur")); return ;;
    --provider) COMPREPLY=($(compgen -W 'spnego krb5 ntlm' -- "$cur")); return ;;
    --dialect) COMPREPLY=($(compgen -W '2.0.2 2.1 3.0 3.0.2 3.1.1' -- "$cur")); return ;;
    --filter) COMPREPLY=($(compgen -W 'normal workstation domain-controller trust temporary-duplicate all' -- "$cur")); return ;;
    -S | --server) COMPREPLY=($(compgen -A hostname -- "$cur")); return ;;
    -A | --authentication-file | --keytab | --pcap | --script | --socket | --output | --request) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    -[UWpt] | --user | --domain | --port | --timeout | --ccache | --target) return ;;
    esac
    case ${COMP_WORDS[1]} in
    server) verbs='info time' ;;
    workstation) verbs='info users' ;;
    join) verbs='info' ;;
    use) verbs='check' ;;
    share) verbs='list show add set delete check' ;;
    session) verbs='list close' ;;
    file) verbs='list show close' ;;
    connection) verbs='list' ;;
    user) verbs='list show add set delete password groups' ;;
    policy) verbs='show' ;;
    rpc) verbs='list show call facts encode decode' ;;
    mux) verbs='status credentials connections set clear drop tap' ;;
    group | localgroup) verbs='list show add set delete members add-member del-member' ;;
    esac
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W 'server workstation join use share session file connection user policy group localgroup rpc mux time
            help --help --version' -- "$cur"))
        return
    elif [ "$COMP_CWORD" = 2 ] && [ -n "$verbs" ]; then
        COMPREPLY=($(compgen -W "$verbs --help" -- "$cur"))
        return
    fi
    options='--server --user --domain --kerberos --ntlm --ccache --keytab --authentication-file --anonymous --target --transport
        --mux --rpc-level --provider --encrypt --sign-only --dialect --port --timeout --json --no-headings --help'
    case "${COMP_WORDS[1]} ${COMP_WORDS[2]}" in
    'share add' | 'share set') options+=' --path --comment --max-uses' ;;
    'session list') options+=' --client --of-user --brief' ;;
    'session close') options+=' --client --of-user' ;;
    'file list') options+=' --path --of-user' ;;
    'user list') options+=' --filter --machines' ;;
    'user add') options+=" $attributes --no-password --disabled" ;;
    'user set') options+=" $attributes --expire-password --change-password --disable --enable --unlock --rename" ;;
    'user password') options+=' --set --password-stdin' ;;
    'user groups') options+=' --indirect' ;;
    'rpc call') options+=' --binding --dry-run --ndr64 --script' ;;
    'mux status' | 'mux clear' | 'mux drop') options+=' --socket' ;;
    'mux credentials' | 'mux connections') options+=' --socket --all' ;;
    'mux tap') options+=' --socket --output --pipe --pid --all --uid --count --seconds' ;;
    'mux set') options+=' --socket --password-stdin --lifetime --check' ;;
    'rpc facts') options+=' --binding' ;;
    'rpc encode') options='--ndr64 --request --output --help' ;;
    'rpc decode') options='--ndr64 --big-endian --hex --request --line --pcap --json --full --binds --quiet --iface --host --stream --help' ;;
    'group add' | 'localgroup add') options+=' --comment' ;;
    'group set' | 'localgroup set') options+=' --comment --rename' ;;
    esac
    [[ $cur != -* ]] || COMPREPLY=($(compgen -W "$options" -- "$cur"))
}
complete -F _tern tern
