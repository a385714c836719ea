# The reference pages name every setting, directive and variable there is.

use strict;
use warnings;

use Test::More;


sub slurp {
    my ($file) = @_;

    open(my $in, '<', $file) or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}


# Each name has to stand in the page, in backquotes or as a heading's word.
sub all_named {
    my ($page, $what, @names) = @_;

    my $text = slurp($page);
    my @missing = grep { $text !~ /(?<![\w])\Q$_\E(?![\w])/ } @names;
    cmp_ok(scalar @names, '>', 5, "$what: there are some");
    is("@missing", '', "$what: all stand in $page");
}


my $conf = slurp('src/worker/conf.h');
all_named('docs/reference/connext-worker.md', 'settings',
          map { "`$_`" =~ s/`//gr } $conf =~ /^    X\(\w+,\s+(\w+),/mg);

my $module = slurp('ngx_http_connext_module.c')
             . join '', map { slurp($_) } glob 'src/edge/*.c';
my $page = 'docs/reference/ngx_http_connext_module.md';
all_named($page, 'directives',
          $module =~ /\{ ngx_string\("(connext_[a-z_]+)"\),\s*\n?\s*NGX_/g);
all_named($page, 'variables',
          map { "\$$_" }
          $module =~ /\{ ngx_string\("(connext_[a-z_]+)"\), NULL/g);

done_testing();
