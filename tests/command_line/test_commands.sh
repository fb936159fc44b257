#!/usr/bin/env bash
# The program from outside: help, version, lists, exit codes, at one rank and at several.
set -uo pipefail
failures=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# expect CODE TEXT COMMAND...: the exit code, and a text in what it prints.
expect() {
  local code=$1 text=$2
  shift 2
  "$@" >"$folder/out" 2>&1 </dev/null
  local found=$?
  if [ $found -ne "$code" ] || ! grep -qF -- "$text" "$folder/out"; then
    printf 'FAIL: %s\n  exit code %s, expected %s and the text "%s":\n' "$*" $found "$code" "$text"
    cat "$folder/out"
    failures=$((failures + 1))
  fi
}

# same FILE COMMAND...: what a command prints is what the file holds.
same() {
  local file=$1
  shift
  if ! "$@" 2>&1 | diff -u "$file" - >"$folder/out"; then
    printf 'FAIL: %s is not what "%s" prints:\n' "$file" "$*"
    head -40 "$folder/out"
    failures=$((failures + 1))
  fi
}

expect 2 "usage: volley COMMAND" "$VOLLEY"
expect 0 "usage: volley COMMAND" "$VOLLEY" help
expect 0 "usage: volley COMMAND" "$VOLLEY" --help
expect 0 "volley 0." "$VOLLEY" --version
expect 0 "volley 0." "$VOLLEY" version
for command in run check sweep models info plot export view reference completion manual; do
  expect 0 "usage: volley $command" "$VOLLEY" help $command
  expect 0 "usage: volley $command" "$VOLLEY" $command --help
done
expect 2 "did you mean 'volley models'?" "$VOLLEY" modles
expect 2 "did you mean 'volley check'?" "$VOLLEY" help chek
expect 2 "FILE is missing" "$VOLLEY" run
expect 2 "did you mean '--threads'?" "$VOLLEY" run a.yaml --thread 2
expect 2 "did you mean 'iaf_psc_exp'?" "$VOLLEY" models iaf_psc_epx
expect 0 "membrane time constant" "$VOLLEY" models iaf_psc_delta
expect 0 "iaf_psc_delta" "$VOLLEY" models

# Completion: the words that Bash offers, and that the scripts name every option of every command.
offers() {
  local words=$1
  shift
  found=$(PATH=$(dirname "$VOLLEY"):$PATH bash -c 'source <(volley completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _volley
    echo "${COMPREPLY[*]}"' bash "$@")
  [ "$found" = "$words" ] || { echo "FAIL: for '$*' Bash offers '$found', not '$words'"; failures=$((failures + 1)); }
}
offers "check" volley ch
offers "--progress" volley run --prog
offers "auto bar lines off" volley run a.yaml --progress ""
offers "iaf_psc_delta" volley models iaf_psc_d
offers "manual" volley help man
offers "zsh" volley completion z
offers "" volley run file
expect 2 "there is no completion for 'fish'" "$VOLLEY" completion fish
for shell in bash zsh; do
  "$VOLLEY" completion $shell >"$folder/script"
  ! command -v $shell >/dev/null || $shell -n "$folder/script" || { echo "FAIL: $shell cannot read its script"; failures=$((failures + 1)); }
  for command in run check sweep models info plot export view; do
    "$VOLLEY" help $command | grep -oE '^ +(-[a-z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | while read -r option; do
      grep -qF -- "$option" "$folder/script" || echo "$shell: $command $option"
    done >"$folder/absent"
    [ ! -s "$folder/absent" ] || { echo "FAIL: completion lacks $(cat "$folder/absent")"; failures=$((failures + 1)); }
  done
done
expect 0 ".SS volley check" "$VOLLEY" manual

expect 0 "usage: volley run" "$VOLLEY_MPIRUN" -n 3 "$VOLLEY" help run
[ "$(grep -c '^usage' "$folder/out")" -eq 1 ] || { echo "FAIL: help is printed by several ranks"; failures=$((failures + 1)); }
expect 2 "FILE is missing" "$VOLLEY_MPIRUN" -n 3 "$VOLLEY" run
[ "$(grep -c 'FILE is missing' "$folder/out")" -eq 1 ] || { echo "FAIL: a fault is printed by several ranks"; failures=$((failures + 1)); }
expect 2 "FILE.h5 is missing" "$VOLLEY_MPIRUN" -n 3 "$VOLLEY" info

# What stands behind -- goes to PETSc, on every rank; words that it does not know do no harm.
printf '%s\n' 'simulation: {duration: 1 ms}' 'populations: [{name: A, model: iaf_psc_exp, size: 4}]' >"$folder/small.yaml"
expect 0 "Option left: name:-no_such_option" "$VOLLEY_MPIRUN" -n 2 "$VOLLEY" run "$folder/small.yaml" -o "$folder/a.h5" -- \
  -log_view -no_such_option 3 -options_left
grep -qF "PETSc Performance Summary" "$folder/out" || { echo "FAIL: -log_view is not handed to PETSc"; failures=$((failures + 1)); }
expect 2 "'ksp_type' behind -- is no option of PETSc" "$VOLLEY_MPIRUN" -n 2 "$VOLLEY" run "$folder/small.yaml" -- ksp_type cg

same "$VOLLEY_SOURCE/docs/models.md" "$VOLLEY" models --markdown
same "$VOLLEY_SOURCE/docs/experiment.md" "$VOLLEY" reference
exit $((failures > 0))
