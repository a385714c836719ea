# The store's schema without a worker: looked at, made, and what is newer than
# the program is left alone.

use strict;
use warnings;

use Connext;
use Test::More;

my $cx = Connext->new;
my $shared = ($ENV{CONNEXT_STORE} // 'sqlite') ne 'sqlite';
$cx->write_worker_conf('worker');


# (exit code, what it said).
sub migrate {
    my (@argv) = @_;

    open my $fh, '-|', 'sh', '-c', 'exec "$0" "$@" 2>&1',
         "$Connext::BUILD/connext-worker", '-c', $cx->path('conf/worker.ini'),
         'migrate', @argv
        or die "connext-worker: $!\n";
    local $/;
    my $out = <$fh>;
    close $fh;
    return ($? >> 8, $out);
}


my ($code, $out) = migrate('--check');
is($code, $shared ? 1 : 78, 'before there is anything');
like($out, $shared ? qr/the schema is 0, this program needs \d+/
                   : qr/unable to open/, 'it says so');

($code, $out) = migrate();
is($code, 0, 'made');
like($out, qr/^the schema is (\d+), up to date$/, 'and now it is there');
my ($newest) = $out =~ /(\d+)/;

($code, $out) = migrate('--check');
is($code, 0, 'nothing is left to do');
is((migrate())[0], 0, 'once more changes nothing');

if ($shared) {
    my ($name) = $cx->store_url =~ m{\@/(\w+)};
    system('psql', '-X', '-q', '-h', $ENV{CONNEXT_POSTGRESQL}, '-U',
           'postgres', '-c', 'INSERT INTO schema_migrations'
           . " VALUES (999, 'from the future', 0)", $name) == 0
        or die "psql\n";

    ($code, $out) = migrate('--check');
    is($code, 1, 'a newer schema');
    like($out, qr/is 999, newer than this program \($newest\)/, 'is named');
    is((migrate())[0], 78, 'and refused');
}

done_testing();
