# Telltale's dead man: gives this phone its network back when the computer has been silent for too long.
# Arguments: token of the run; looks without a new beat; seconds between looks; the proxy to set then.
# It ends when the beats are gone or belong to another run.
me=/data/local/tmp/telltale-deadman
echo $$ > $me.pid
echo "$1 0" > $me.seen
last=
n=0
while sleep $3; do
  [ -e $me.beat ] || exit 0
  beat=$(cat $me.beat)
  case "$beat" in
    "$1 "*) ;;
    *) exit 0 ;;
  esac
  echo "$beat" > $me.seen
  if [ "$beat" != "$last" ]; then
    last=$beat
    n=0
    continue
  fi
  n=$((n + 1))
  [ $n -lt $2 ] && continue
  settings put global http_proxy "$4"
  [ "$(settings get global http_proxy)" = "$4" ] || continue
  if [ "$4" = ":0" ]; then
    for key in host port exclusion_list; do
      settings delete global global_http_proxy_$key
    done
  fi
  log -t telltale "the computer is silent: http_proxy is $4 again"
  rm -f $me.sh $me.beat $me.new $me.seen $me.pid
  exit 0
done
