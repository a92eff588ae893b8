%{
// SPDX-License-Identifier: Apache-2.0
/*
 * Grammar of IDL. It is loose on purpose: attributes are names with arguments, a type name is an identifier, and what
 * makes sense is decided by the checker, which can say more about it than "syntax error".
 */
%}

%code requires {
#include "idlc/m_parse.h"
#define YYLTYPE struct loc
typedef void *yyscan_t;
}

%code {
/* A rule is where its first token is. */
#define YYLLOC_DEFAULT(cur, rhs, n) ((cur) = (n) ? YYRHSLOC(rhs, 1) : YYRHSLOC(rhs, 0))
/* Deep enough for any real file; shallow enough to walk the tree by recursion. */
#define YYMAXDEPTH 2000

int yylex(YYSTYPE *value, YYLTYPE *loc, yyscan_t scanner);
static void yyerror(YYLTYPE *loc, yyscan_t scanner, struct scanner *s, const char *message);
#include "idlc/m_build.h"
}

%define api.pure full
%define parse.error custom
%locations
%param { yyscan_t scanner }
%parse-param { struct scanner *s }

%union {
    const char *text;
    enum base_word word;
    int count;
    struct number value;
    struct expr *expr;
    struct attr *attr;
    struct attr_arg *arg;
    struct type *type;
    struct field *field;
    struct declarator *declarator;
    struct decl *decl;
    struct params params;
    struct decls decls;
}

%token END 0 "end of file"
%token START_IDL "start of the file" START_ACF "start of the attribute file"
%token <text> INTERFACE "interface" IMPORT "import" CPP_QUOTE "cpp_quote" INCLUDE "include" IMPORTLIB "importlib"
%token <text> LIBRARY "library" COCLASS "coclass" DISPINTERFACE "dispinterface" MODULE "module" PIPE "pipe"
%token <text> BITMAP "bitmap" DECLARE "declare"
%token TYPEDEF "typedef" STRUCT "struct" UNION "union" ENUM "enum" CONST "const" SWITCH "switch" CASE "case"
%token DEFAULT "default" SIZEOF "sizeof" SAFEARRAY "SAFEARRAY"
%token <word> BASE_WORD "base type"
%token <text> IDENT "name" STRING "string" RAW_ATTR "attribute"
%token <value> NUMBER "number"
%token DOTDOT ".." SHL "<<" SHR ">>" EQ "==" NE "!=" LE "<=" GE ">=" AND "&&" OR "||" ARROW "->"

%precedence TYPE_END
%precedence ';'
%right '?' ':'
%left OR
%left AND
%left '|'
%left '^'
%left '&'
%left EQ NE
%left '<' '>' LE GE
%left SHL SHR
%left '+' '-'
%left '*' '/' '%'
%precedence UNARY
%precedence '.' ARROW

%type <decls> items import_names
%type <decl> item
%type <text> base_opt name attr_name tag_opt strings
%type <attr> attrs attrs_opt attr_list attr
%type <arg> args arg cases call_args
%type <expr> expr expr_opt dimensions
%type <type> qualified type base_type constructed attr_type
%type <word> base_words
%type <params> acf_types acf_params members arms encapsulated_arms params enumerators
%type <field> enumerator param
%type <declarator> declarators declarators_opt declarator direct
%type <count> pointers qualifiers qualifiers_some

%%

file:
    START_IDL items END                     { s->main->decls = $2.first; }
  | START_ACF acf END

items:
    %empty                                  { $$.first = NULL; $$.end = NULL; }
  | items item                              { $$ = join_decl($1, $2); }
  | items ';'                               { $$ = $1; }
  | items IMPORT import_names ';'           { $$ = join_decl($1, $3.first); }
  | items error ';'                         { $$ = $1; yyerrok; }

import_names:
    STRING                                  { $$ = join_decl((struct decls){ 0 }, new_import(s, @1, $1)); }
  | import_names ',' STRING                 { $$ = join_decl($1, new_import(s, @3, $3)); }

strings:
    STRING
  | strings STRING                          { $$ = pool_printf(&s->c->pool, "%s%s", $1, $2); }

item:
    attrs_opt INTERFACE name base_opt '{' items '}'
                                            { $$ = new_interface(s, $1 ? @1 : @2, @3, $1, $3, $4, $6.first); }
  | attrs_opt INTERFACE name base_opt '{' items error '}'
                                            { $$ = new_interface(s, $1 ? @1 : @2, @3, $1, $3, $4, $6.first); yyerrok; }
  | attrs_opt INTERFACE name ';'            { $$ = new_decl(s, DECL_FORWARD, @3, @3, $3); }
  | attrs_opt LIBRARY name '{' items '}'    { $$ = $5.first; }
  | attrs_opt DISPINTERFACE name '{' soup '}'
                                            { $$ = new_decl(s, DECL_FORWARD, @3, @3, $3); }
  | attrs_opt DISPINTERFACE name ';'        { $$ = new_decl(s, DECL_FORWARD, @3, @3, $3); }
  | attrs_opt COCLASS name '{' soup '}'     { $$ = NULL; }
  | attrs_opt COCLASS name ';'              { $$ = NULL; }
  | attrs_opt MODULE name '{' soup '}'      { $$ = NULL; }
  | IMPORTLIB '(' strings ')'               { $$ = NULL; }
  | CPP_QUOTE '(' strings ')'               { $$ = new_decl(s, DECL_CPP_QUOTE, @1, @1, NULL); $$->text = $3; }
  | INCLUDE strings ';'                     { $$ = new_include(s, @1, $2); }
  | attrs_opt TYPEDEF attrs_opt qualified declarators_opt ';'
                                            { $$ = new_typedef(s, $1 ? @1 : @2, join_attrs($1, $3), $4, $5); }
  | attrs_opt qualified declarator '=' expr ';'
                                            { $$ = new_const(s, $1 ? @1 : @2, $2, $3, $5); }
  | DECLARE attrs_opt qualified ';'         { $$ = NULL; }
  | attrs_opt qualified ';'                 { $$ = new_tag(s, $1 ? @1 : @2, $1, $2); }
  | attrs_opt qualified pointers name '(' params ')' ';'
                                            { $$ = new_operation(s, $1 ? @1 : @2, @4, $1, pointer_to(s, @2, $2, $3), $4, $6); }

/* What has no meaning on the wire: any tokens with braces in pairs. */
soup:
    %empty
  | soup soup_token
  | soup '{' soup '}'

soup_token:
    IDENT | STRING | RAW_ATTR | NUMBER | BASE_WORD | INTERFACE | IMPORT | CPP_QUOTE | INCLUDE | IMPORTLIB | LIBRARY
  | COCLASS | DISPINTERFACE | MODULE | BITMAP | DECLARE | PIPE | SAFEARRAY | TYPEDEF | STRUCT | UNION | ENUM | CONST | SWITCH | CASE | DEFAULT
  | SIZEOF | DOTDOT | SHL | SHR | EQ | NE | LE | GE | AND | OR | ARROW | '[' | ']' | '(' | ')' | '<' | '>' | ';'
  | ':' | ',' | '=' | '*' | '/' | '%' | '+' | '&' | '|' | '^' | '~' | '!' | '?' | '.' | '-'

/* ---- attribute configuration, [C706] 5 ---- */

acf:
    acf_includes attrs_opt INTERFACE name '{' acf_items '}' acf_end
                                            { acf_interface(s, @4, $2, $4); }
  | acf_includes attrs_opt INTERFACE name '{' acf_items error '}' acf_end
                                            { acf_interface(s, @4, $2, $4); yyerrok; }
  | acf_includes                            { }

acf_end:
    %empty
  | acf_end ';'

acf_includes:
    %empty
  | acf_includes INCLUDE acf_include_names ';'
  | acf_includes ';'

acf_include_names:
    STRING                                  { acf_include(s, @1, $1); }
  | acf_include_names ',' STRING            { acf_include(s, @3, $3); }

acf_items:
    %empty
  | acf_items ';'
  | acf_items INCLUDE acf_include_names ';'
  | acf_items TYPEDEF attrs_opt acf_types ';'
                                            { acf_typedefs(s, $3, $4.first); }
  | acf_items attrs_opt IDENT '(' acf_params ')' ';'
                                            { acf_operation(s, @3, $2, $3, $5.first); }
  | acf_items attrs_opt acf_types ';'       { acf_operations(s, $2, $3.first); }
  | acf_items error ';'                     { yyerrok; }

acf_types:
    IDENT                                   { $$ = join_field((struct params){ 0 }, new_field(s, @1, NULL, NULL, $1)); }
  | acf_types ',' IDENT                     { $$ = join_field($1, new_field(s, @3, NULL, NULL, $3)); }

acf_params:
    %empty                                  { $$ = (struct params){ 0 }; }
  | attrs_opt name                          { $$ = join_field((struct params){ 0 }, new_field(s, @2, $1, NULL, $2)); }
  | acf_params ',' attrs_opt name           { $$ = join_field($1, new_field(s, @4, $3, NULL, $4)); }

/* ---- names ---- */

base_opt:
    %empty                                  { $$ = NULL; }
  | ':' name                                { $$ = $2; }

name:
    IDENT
  | PIPE | IMPORT | INCLUDE | IMPORTLIB | LIBRARY | COCLASS | DISPINTERFACE | MODULE | BITMAP | DECLARE

/* ---- attributes ---- */

attrs_opt:
    %empty                                  { $$ = NULL; }
  | attrs

attrs:
    '[' attr_list ']'                       { $$ = $2; }
  | attrs '[' attr_list ']'                 { $$ = join_attrs($1, $3); }

attr_list:
    attr
  | attr_list ',' attr                      { $$ = join_attrs($1, $3); }

attr:
    %empty                                  { $$ = NULL; }
  | attr_name                               { $$ = new_attr(s, @1, $1, NULL, false); }
  | attr_name '(' args ')'                  { $$ = new_attr(s, @1, $1, $3, true); }
  | RAW_ATTR                                { $$ = new_raw_attr(s, @1, $1); }

attr_name:
    name
  | CASE                                    { $$ = "case"; }
  | DEFAULT                                 { $$ = "default"; }
  | BASE_WORD                               { $$ = base_word_name($1); }

args:
    arg
  | args ',' arg                            { $$ = join_args($1, $3); }

arg:
    %empty                                  { $$ = new_arg(s, NULL, NULL); }
  | expr                                    { $$ = new_arg(s, $1, NULL); }
  | attr_type pointers                      { $$ = new_arg(s, NULL, pointer_to(s, @1, $1, $2)); }

  | IDENT IDENT                             { $$ = new_arg(s, NULL, new_type(s, TY_NAME, @1)); $$->type->name = $1; }

/* A type as an argument; one that is a name reads as an expression. */
attr_type:
    base_type
  | CONST base_type                         { $$ = $2; }
  | ENUM name                               { $$ = new_tag_ref(s, @2, TY_ENUM, $2); }
  | STRUCT name                             { $$ = new_tag_ref(s, @2, TY_STRUCT, $2); }
  | UNION name                              { $$ = new_tag_ref(s, @2, TY_UNION, $2); }

/* ---- types ---- */

/* const means nothing on the wire, wherever it stands; a constant is told by it. */
qualified:
    type qualifiers                         { $$ = $1; }
  | qualifiers_some type qualifiers         { $$ = $2; }

qualifiers:
    %empty                                  { $$ = 0; }
  | qualifiers_some

qualifiers_some:
    CONST                                   { $$ = 1; }
  | qualifiers_some CONST                   { $$ = 1; }

type:
    base_type
  | IDENT                                   { $$ = new_type(s, TY_NAME, @1); $$->name = $1; }
  | constructed
  | INTERFACE name %prec TYPE_END           { $$ = new_type(s, TY_NAME, @2); $$->name = $2; }
  | SAFEARRAY '(' qualified pointers ')'    { $$ = new_type(s, TY_NAME, @1); $$->name = "SAFEARRAY"; }
  | PIPE type                               { $$ = new_type(s, TY_PIPE, @1); $$->to = $2; }

base_type:
    base_words                              { $$ = new_base_type(s, @1, $1); }

base_words:
    BASE_WORD
  | base_words BASE_WORD                    { $$ = join_words(s, @2, $1, $2); }

constructed:
    STRUCT tag_opt '{' members '}'          { $$ = new_body(s, TY_STRUCT, @1, $2, $4.first); }
  | STRUCT tag_opt '{' members error '}'    { $$ = new_body(s, TY_STRUCT, @1, $2, $4.first); yyerrok; }
  | STRUCT name                             { $$ = new_tag_ref(s, @2, TY_STRUCT, $2); }
  | UNION tag_opt '{' arms '}'              { $$ = new_body(s, TY_UNION, @1, $2, $4.first); }
  | UNION tag_opt '{' arms error '}'        { $$ = new_body(s, TY_UNION, @1, $2, $4.first); yyerrok; }
  | UNION name                              { $$ = new_tag_ref(s, @2, TY_UNION, $2); }
  | UNION tag_opt SWITCH '(' type name ')' tag_opt '{' encapsulated_arms '}'
                                            { $$ = new_switch_union(s, @1, @6, $2, $5, $6, $8, $10.first); }
  | ENUM tag_opt '{' enumerators '}'        { $$ = new_body(s, TY_ENUM, @1, $2, $4.first); }
  | ENUM tag_opt '{' enumerators ',' '}'    { $$ = new_body(s, TY_ENUM, @1, $2, $4.first); }
  | ENUM name                               { $$ = new_tag_ref(s, @2, TY_ENUM, $2); }
  | BITMAP tag_opt '{' enumerators '}'      { $$ = new_bitmap(s, @1, $2, $4.first); }
  | BITMAP tag_opt '{' enumerators ',' '}'  { $$ = new_bitmap(s, @1, $2, $4.first); }
  | BITMAP name                             { $$ = new_tag_ref(s, @2, TY_ENUM, $2); }

tag_opt:
    %empty                                  { $$ = NULL; }
  | name

members:
    %empty                                  { $$ = (struct params){ 0 }; }
  | members attrs_opt qualified declarators ';'
                                            { $$ = join_members(s, $1, $2, $3, $4); }
  | members attrs_opt qualified ';'         { $$ = join_nameless(s, $1, $2, $3); }
  | members error ';'                       { $$ = $1; yyerrok; }

arms:
    %empty                                  { $$ = (struct params){ 0 }; }
  | arms attrs_opt qualified declarators ';'
                                            { $$ = join_members(s, $1, $2, $3, $4); }
  | arms attrs_opt qualified ';'            { $$ = join_nameless(s, $1, $2, $3); }
  | arms attrs_opt ';'                      { $$ = join_empty_arm(s, @3, $1, $2); }
  | arms error ';'                          { $$ = $1; yyerrok; }

encapsulated_arms:
    %empty                                  { $$ = (struct params){ 0 }; }
  | encapsulated_arms cases attrs_opt qualified declarator ';'
                                            { $$ = join_members(s, $1, join_attrs(case_attr(s, @2, $2), $3), $4, $5); }
  | encapsulated_arms cases attrs_opt qualified ';'
                                            { $$ = join_nameless(s, $1, join_attrs(case_attr(s, @2, $2), $3), $4); }
  | encapsulated_arms cases ';'             { $$ = join_empty_arm(s, @2, $1, case_attr(s, @2, $2)); }
  | encapsulated_arms error ';'             { $$ = $1; yyerrok; }

cases:
    CASE expr ':'                           { $$ = new_arg(s, $2, NULL); }
  | DEFAULT ':'                             { $$ = new_arg(s, NULL, NULL); }
  | cases CASE expr ':'                     { $$ = join_args($1, new_arg(s, $3, NULL)); }
  | cases DEFAULT ':'                       { $$ = join_args($1, new_arg(s, NULL, NULL)); }

enumerators:
    enumerator                              { $$ = join_field((struct params){ 0 }, $1); }
  | enumerators ',' enumerator              { $$ = join_field($1, $3); }

enumerator:
    attrs_opt name                          { $$ = new_field(s, @2, $1, NULL, $2); }
  | attrs_opt name '=' expr                 { $$ = new_field(s, @2, $1, NULL, $2); $$->value = $4; }

declarators_opt:
    %empty                                  { $$ = NULL; }
  | declarators

declarators:
    declarator
  | declarators ',' declarator              { $$ = join_declarators($1, $3); }

declarator:
    pointers direct                         { $$ = add_pointers(s, $2, $1); }

pointers:
    %empty                                  { $$ = 0; }
  | pointers '*'                            { $$ = count_pointer(s, @2, $1); }
  | pointers '*' CONST                      { $$ = count_pointer(s, @2, $1); }

direct:
    name                                    { $$ = new_declarator(s, @1, $1); }
  | '(' declarator ')'                      { $$ = $2; }
  | '(' declarator ')' '(' params ')'       { $$ = add_function(s, @4, $2); }
  | direct '[' expr_opt ']'                 { $$ = add_array(s, @2, $1, $3); }
  | direct '[' '*' ']'                      { $$ = add_array(s, @2, $1, NULL); }
  | direct '[' expr DOTDOT expr ']'         { $$ = add_bounds(s, @2, $1, $3, $5); }
  | direct '[' expr DOTDOT '*' ']'          { $$ = add_bounds(s, @2, $1, $3, NULL); }
  | direct '[' '*' DOTDOT expr ']'          { $$ = add_bounds(s, @2, $1, NULL, $5); }
  | direct '[' '*' DOTDOT '*' ']'           { $$ = add_bounds(s, @2, $1, NULL, NULL); }

dimensions:
    %empty                                  { $$ = NULL; }
  | dimensions '[' expr ']'                 { $$ = $1 ? new_expr(s, EX_BINARY, @2, "*", $1, $3, NULL) : $3; }

expr_opt:
    %empty                                  { $$ = NULL; }
  | expr

params:
    %empty                                  { $$ = (struct params){ 0 }; }
  | param                                   { $$ = join_field((struct params){ 0 }, $1); }
  | params ',' param                        { $$ = join_field($1, $3); }

param:
    attrs_opt qualified declarator          { $$ = new_param(s, $1, $2, $3); }
  | attrs_opt qualified pointers            { $$ = new_nameless_param(s, @2, $1, $2, $3); }

/* ---- expressions ---- */

expr:
    NUMBER                                  { $$ = new_number(s, @1, $1); }
  | strings                                 { $$ = new_expr(s, EX_STRING, @1, NULL, NULL, NULL, NULL); $$->text = $1; }
  | name                                    { $$ = new_expr(s, EX_NAME, @1, NULL, NULL, NULL, NULL); $$->text = $1; }
  | '(' expr ')'                            { $$ = $2; $$->parens = true; }
  | '(' expr ')' NUMBER                     { $$ = new_number(s, @4, $4); }
  | '(' expr ')' '(' expr ')'               { $$ = $5; }
  | '(' base_type pointers ')' expr %prec UNARY
                                            { $$ = $5; }
  | SIZEOF '(' qualified pointers dimensions ')'
                                            { $$ = new_sizeof(s, @1, pointer_to(s, @3, $3, $4), $5); }
  | name '(' call_args ')'                  { $$ = new_call(s, @1, $1, $3); }
  | expr '.' name                           { $$ = new_expr(s, EX_MEMBER, @3, ".", $1, NULL, NULL); $$->text = $3; }
  | expr ARROW name                         { $$ = new_expr(s, EX_MEMBER, @3, ">", $1, NULL, NULL); $$->text = $3; }
  | '-' expr %prec UNARY                    { $$ = new_expr(s, EX_UNARY, @1, "-", $2, NULL, NULL); }
  | '+' expr %prec UNARY                    { $$ = $2; }
  | '~' expr %prec UNARY                    { $$ = new_expr(s, EX_UNARY, @1, "~", $2, NULL, NULL); }
  | '!' expr %prec UNARY                    { $$ = new_expr(s, EX_UNARY, @1, "!", $2, NULL, NULL); }
  | '*' expr %prec UNARY                    { $$ = new_expr(s, EX_UNARY, @1, "*", $2, NULL, NULL); }
  | '&' expr %prec UNARY                    { $$ = new_expr(s, EX_UNARY, @1, "&", $2, NULL, NULL); }
  | expr '+' expr                           { $$ = new_expr(s, EX_BINARY, @2, "+", $1, $3, NULL); }
  | expr '-' expr                           { $$ = new_expr(s, EX_BINARY, @2, "-", $1, $3, NULL); }
  | expr '*' expr                           { $$ = new_expr(s, EX_BINARY, @2, "*", $1, $3, NULL); }
  | expr '/' expr                           { $$ = new_expr(s, EX_BINARY, @2, "/", $1, $3, NULL); }
  | expr '%' expr                           { $$ = new_expr(s, EX_BINARY, @2, "%", $1, $3, NULL); }
  | expr SHL expr                           { $$ = new_expr(s, EX_BINARY, @2, "<<", $1, $3, NULL); }
  | expr SHR expr                           { $$ = new_expr(s, EX_BINARY, @2, ">>", $1, $3, NULL); }
  | expr '<' expr                           { $$ = new_expr(s, EX_BINARY, @2, "<", $1, $3, NULL); }
  | expr '>' expr                           { $$ = new_expr(s, EX_BINARY, @2, ">", $1, $3, NULL); }
  | expr LE expr                            { $$ = new_expr(s, EX_BINARY, @2, "<=", $1, $3, NULL); }
  | expr GE expr                            { $$ = new_expr(s, EX_BINARY, @2, ">=", $1, $3, NULL); }
  | expr EQ expr                            { $$ = new_expr(s, EX_BINARY, @2, "==", $1, $3, NULL); }
  | expr NE expr                            { $$ = new_expr(s, EX_BINARY, @2, "!=", $1, $3, NULL); }
  | expr '&' expr                           { $$ = new_expr(s, EX_BINARY, @2, "&", $1, $3, NULL); }
  | expr '|' expr                           { $$ = new_expr(s, EX_BINARY, @2, "|", $1, $3, NULL); }
  | expr '^' expr                           { $$ = new_expr(s, EX_BINARY, @2, "^", $1, $3, NULL); }
  | expr AND expr                           { $$ = new_expr(s, EX_BINARY, @2, "&&", $1, $3, NULL); }
  | expr OR expr                            { $$ = new_expr(s, EX_BINARY, @2, "||", $1, $3, NULL); }
  | expr '?' expr ':' expr                  { $$ = new_expr(s, EX_COND, @2, "?", $1, $3, $5); }

call_args:
    %empty                                  { $$ = NULL; }
  | expr                                    { $$ = new_arg(s, $1, NULL); }
  | call_args ',' expr                      { $$ = $1 ? join_args($1, new_arg(s, $3, NULL)) : new_arg(s, $3, NULL); }

%%

/* "expected X before Y", with at most four alternatives. */
static int yyreport_syntax_error(const yypcontext_t *ctx, yyscan_t scanner, struct scanner *s)
{
    (void)scanner;
    enum { MOST = 5 };
    yysymbol_kind_t expected[MOST];
    int n = yypcontext_expected_tokens(ctx, expected, MOST);
    struct text t = { 0 };
    if (n > 0 && n < MOST) {
        text_printf(&t, "expected ");
        for (int i = 0; i < n; i++)
            text_printf(&t, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", yysymbol_name(expected[i]));
        text_printf(&t, " before ");
    } else {
        text_printf(&t, "did not expect ");
    }
    text_printf(&t, "%s", yysymbol_name(yypcontext_token(ctx)));
    diag_error(s->c, *yypcontext_location(ctx), "%s", t.data);
    text_free(&t);
    return 0;
}

static void yyerror(YYLTYPE *loc, yyscan_t scanner, struct scanner *s, const char *message)
{
    (void)scanner;
    diag_error(s->c, *loc, "%s", message);
}

int yylex_init_extra(struct scanner *s, yyscan_t *ret);
int yylex_destroy(yyscan_t scanner);
typedef struct yy_buffer_state *YY_BUFFER_STATE;
YY_BUFFER_STATE yy_scan_bytes(const char *bytes, int len, yyscan_t scanner);

void parse_source(struct idlc *c, struct source *src, bool acf)
{
    struct scanner s = { .c = c, .main = src, .file = src, .text = src->scanned, .line_start = src->scanned,
                         .line = 1, .col = 1, .start = acf ? START_ACF : START_IDL };
    yyscan_t scanner;
    s.acf_end = &s.acf;
    if (yylex_init_extra(&s, &scanner) != 0 || !yy_scan_bytes(src->scanned, (int)strlen(src->scanned), scanner)) {
        diag_error(c, (struct loc){ .src = src, .line = 1, .col = 1 }, "out of memory");
        return;
    }
    yyparse(scanner, &s);
    yylex_destroy(scanner);
}
