# Each rule of lint finds what it is there for, and nothing in clean sources.
# Every case plants one thing into a small tree of its own.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use Test::More;

my $lint = abs_path(dirname(__FILE__)) . '/lint.sh';
my $cc = $ENV{CC} || 'cc';

my $clean_c = <<'C';
#include "core/a.h"


int
cx_a(int n)
{
    /* system("x"), and a "quote */
    if (n == 1
        || n == 2)
    {
        return 1;

    } else if (n == 3) {
        return 'a' + '"' + "strcpy(x)"[0];
    }

    for (int i = 0; i < n; i++) {
        n += i;
    }

    return n;
}
C

my $clean_h = <<'H';
/* What it is. */

#ifndef CX_CORE_A_H
#define CX_CORE_A_H

/*    name    text                                                               columns */
#define CX_TABLE(X)                                                                      \
    X(ONE,    "one")                                                                     \
    X(TWO,    "two is a row that is wide because tables are aligned by hand, may be 99")

int cx_a(int n);

#endif /* CX_CORE_A_H */
H

sub write_file {
    my ($path, $text) = @_;

    make_path(dirname($path));
    open(my $out, '>', $path) or die "$path: $!";
    print $out $text;
    close($out) or die "$path: $!";
}

# Lints a tree of the clean files and the given ones; every .c with a layer is
# compiled as it is, so it must be C.
sub lint {
    my (%files) = @_;
    my $top = tempdir(CLEANUP => 1);

    %files = ('src/core/a.c' => $clean_c, 'src/core/a.h' => $clean_h, %files);
    make_path("$top/t");

    for my $path (sort keys %files) {
        write_file("$top/$path", $files{$path});
    }

    for my $path (grep { m{^src/(.+)\.c$} } sort keys %files) {
        my ($object) = $path =~ m{^src/(.+)\.c$};

        make_path(dirname("$top/b/obj/$object.o"));
        system("cd $top && $cc -w -Wno-implicit-function-declaration -fno-builtin"
               . " -Isrc -c -o b/obj/$object.o $path") == 0
            or die "cannot compile $path";
    }

    my $out = `cd $top && sh $lint b 2>&1`;

    return ($out, $? >> 8);
}

sub function {
    my ($lines) = @_;

    return "int\ncx_b(int n)\n{\n" . "    n++;\n" x $lines
           . "    return n;\n}\n";
}

my ($out, $status) = lint();

is($out, "lint: 2 files, 0 findings\n", 'a clean tree');
is($status, 0, 'its status');

my @cases = (
    # what, file, text, finding
    [ 'a tab', 'src/core/b.c', "int\tcx_b;\n", '1: tab' ],
    [ 'a space at the end', 'src/core/b.c', "int  cx_b; \n",
      '1: space at the end' ],
    [ 'a long line', 'src/core/b.c', "int  cx_b;" . ' ' x 60 . "/* long */\n",
      '1: 80 columns' ],
    [ 'a byte over 127', 'src/core/b.c', "/* \xc3\xa9 */\n", '1: not ASCII' ],
    [ 'no newline at the end', 'src/core/b.c', "int  cx_b;",
      '1: no newline at the end' ],
    [ 'a TODO of nobody', 'src/core/b.c', "/* TODO: later */\n",
      '1: a TODO has a name and a reason: TODO(name): why' ],
    [ 'a long function', 'src/core/b.c', function(60),
      '3: a function of 61 lines' ],
    [ 'a longer one in the edge', 'src/edge/b.c', function(120),
      '3: a function of 121 lines' ],
    [ 'a long file', 'src/core/b.c', "int  cx_b;\n" x 601,
      '600: a file of 601 lines' ],
    [ 'one blank line', 'src/core/b.c',
      function(1) . "\n" . (function(1) =~ s/cx_b/cx_c/r),
      '6: two blank lines between functions' ],
    [ 'a type beside the name', 'src/core/b.c',
      "int cx_b(void)\n{\n    return 1;\n}\n",
      '1: the return type stands on its own line' ],
    [ 'no braces', 'src/core/b.c',
      "int\ncx_b(int n)\n{\n    if (n == 1)\n        return 2;\n"
      . "    return 1;\n}\n", '4: a statement without braces' ],
    [ 'no braces behind else', 'src/core/b.c',
      "int\ncx_b(int n)\n{\n    if (n == 1) {\n        return 2;\n\n"
      . "    } else\n        return 3;\n}\n", '7: else without braces' ],
    [ 'no blank line before else', 'src/core/b.c',
      "int\ncx_b(int n)\n{\n    if (n == 1) {\n        return 2;\n"
      . "    } else {\n        return 3;\n    }\n}\n",
      '6: no blank line before "} else"' ],
    [ 'else on its own line', 'src/core/b.c',
      "int\ncx_b(int n)\n{\n    if (n == 1) {\n        return 2;\n    }\n"
      . "    else {\n        return 3;\n    }\n}\n",
      '7: "} else" on one line' ],
    [ 'a long condition with its brace', 'src/core/b.c',
      "int\ncx_b(int n)\n{\n    if (n == 1\n        || n == 2) {\n"
      . "        return 2;\n    }\n\n    return 3;\n}\n",
      '5: a long condition has "{" on its own line' ],
    [ 'if(', 'src/core/b.c',
      "int\ncx_b(int n)\n{\n    while(n > 1) {\n        n--;\n    }\n\n"
      . "    return n;\n}\n", '4: no space behind a keyword' ],

    [ 'a guard of another name', 'src/core/b.h',
      "#ifndef CX_B_H\n#define CX_B_H\n#endif /* CX_B_H */\n",
      '1: guard is not CX_CORE_B_H' ],
    [ 'an include without its folder', 'src/core/b.c', "#include \"a.h\"\n",
      '1: include "a.h" without its folder' ],

    ( map { [ "banned: $_", 'src/store/b.c',
              "void\ncx_b(void)\n{\n    $_(0);\n}\n", "4: $_ is banned" ] }
      qw(strcpy strcat sprintf vsprintf strtok atoi atol gets alloca system) ),

    # Arrows of the includes.
    [ 'core includes channel', 'src/core/b.c', "#include \"channel/x.h\"\n",
      '1: core includes "channel/x.h"', 'src/channel/x.h' ],
    [ 'channel includes ai', 'src/channel/b.c', "#include \"ai/x.h\"\n",
      '1: channel includes "ai/x.h"', 'src/ai/x.h' ],
    [ 'store includes worker', 'src/store/b.c', "#include \"worker/x.h\"\n",
      '1: store includes "worker/x.h"', 'src/worker/x.h' ],
    [ 'edge includes worker', 'src/edge/b.c', "#include \"worker/x.h\"\n",
      '1: edge includes "worker/x.h"', 'src/worker/x.h' ],
    [ 'ctl includes store', 'src/ctl/b.c', "#include \"store/x.h\"\n",
      '1: ctl includes "store/x.h"', 'src/store/x.h' ],
    [ 'worker includes edge', 'src/worker/b.c', "#include \"edge/x.h\"\n",
      '1: worker includes "edge/x.h"', 'src/edge/x.h' ],
    [ 'core includes a socket', 'src/core/b.c', "#include <sys/socket.h>\n",
      '1: core includes <sys/socket.h>' ],

    # Arrows of the objects.
    ( map {
          my ($layer, $symbol) = @$_;

          [ "$layer calls $symbol", "src/$layer/b.c",
            "void  $symbol();\n\n\nvoid\ncx_b(void)\n{\n    $symbol();\n}\n",
            "1: $layer refers to $symbol" ]
      }
      [ core => 'ngx_log' ], [ core => 'time' ], [ channel => 'socket' ],
      [ channel => 'getenv' ], [ ai => 'curl_easy_init' ],
      [ ai => 'clock_gettime' ], [ core => 'redisCommand' ],
      [ core => 'sqlite3_open' ], [ core => 'PQexec' ],
      [ core => 'gettimeofday' ], [ core => 'send' ], [ core => 'recv' ],
      [ core => 'connect' ], [ store => 'curl_easy_init' ],
      [ store => 'redisCommand' ], [ store => 'ngx_log' ],
      [ worker => 'ngx_log' ], [ ctl => 'ngx_log' ] ),
    [ 'a failpoint', 'src/worker/b.c',
      "void  cx_failpoint();\n\n\nvoid\ncx_b(void)\n{\n"
      . "    cx_failpoint();\n}\n", '1: failpoint in a release object' ],
);

for my $case (@cases) {
    my ($what, $file, $text, $finding, $stub) = @$case;
    my %files = ($file => $text);

    if ($stub) {
        my ($folder, $name) = $stub =~ m{^src/(\w+)/(\w+)\.h$};
        my $guard = uc "CX_${folder}_${name}_H";

        $files{$stub} = "#ifndef $guard\n#define $guard\n\n"
                        . "#endif /* $guard */\n";
    }

    ($out, $status) = lint(%files);

    my $n = 2 + keys %files;

    is($out, "$file:$finding\nlint: $n files, 1 findings\n", $what);
    is($status, 1, "$what: status");
}

# A symbol that another layer defines.
($out, $status) = lint(
    'src/worker/w.c' => "int\ncx_w(void)\n{\n    return 1;\n}\n",
    'src/edge/b.c' => "int  cx_w(void);\n\n\nint\ncx_b(void)\n{\n"
                      . "    return cx_w();\n}\n",
);
is($out, "src/edge/b.c:1: edge refers to cx_w of worker\n"
         . "lint: 4 files, 1 findings\n", 'edge calls worker');

# What is allowed.
($out, $status) = lint(
    'src/edge/b.c' => function(100),
    'src/worker/b.c' => "/* TODO(ana): why */\n\n" . "#include \"core/a.h\"\n"
                        . "#include <sys/socket.h>\n",
    'src/channel/b.c' => "#include \"core/a.h\"\n\n\nint\ncx_c(int n)\n{\n"
                         . "    return cx_a(n);\n}\n",
);
is($out, "lint: 5 files, 0 findings\n", 'what is allowed is not found');

# Without objects the layers are not proven.
my $top = tempdir(CLEANUP => 1);

write_file("$top/src/core/a.c", $clean_c);
write_file("$top/src/core/a.h", $clean_h);
make_path("$top/t");
$out = `cd $top && sh $lint b 2>&1`;
is($out, "b:0: no objects: build first\nlint: 2 files, 1 findings\n",
   'no objects');

done_testing();
