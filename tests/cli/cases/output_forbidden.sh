# A file that may not be written is not replaced either.
as_nobody=
[ "$(id -u)" != 0 ] || as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'
chmod 755 .
$as_nobody "$tool" list "$bugs" >/dev/null 2>&1 || cannot_show 'nobody else can run the tool here'
mkdir -m 777 open
echo precious >open/result
chmod 444 open/result
$as_nobody "$tool" list "$bugs" --output open/result
echo "status $?"
cat open/result
mkdir -m 755 shut
[ -n "$as_nobody" ] || chmod 555 shut
$as_nobody "$tool" list "$bugs" --output shut/result
echo "status $?"
ls open shut
