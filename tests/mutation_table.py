"""Lines that matter, how each could be wrong, and the tests that stand for it: read by tests/mutations.py.

`old` stands exactly once in its file (test_mutations.py says so); a line that moved on takes its entry with it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutation:
    """One line made wrong: `old` → `new` in `file`; `tests` must then fail."""

    file: str
    old: str
    new: str
    tests: str


TRAINING, DATA, HOST = "tests/engine/training/", "tests/engine/data/", "tests/host/"
BEST, RUNS, PARTS = TRAINING + "test_best.py", TRAINING + "test_runs.py", TRAINING + "test_loop_parts.py"
BASELINES, SCORING = "tests/engine/measuring/test_baselines.py", "tests/engine/measuring/test_scoring.py"
DOCTOR, REMARKS, DURABLE = TRAINING + "test_doctor.py", "tests/cli/test_remarks.py", "tests/core/test_durable.py"
SPLITS, CLEANING, READING = DATA + "test_splits.py", DATA + "test_cleaning.py", DATA + "test_reading.py"
FETCH, ARCHIVE = "tests/engine/sharing/test_fetch.py", "tests/engine/sharing/test_archive.py"
BUDGET, MACHINE = TRAINING + "test_budget.py", TRAINING + "test_machine.py"
CONTRACT, TOKENS = "tests/engine/models/test_contract.py", "tests/engine/models/test_encoding.py"
PUBLISH = "tests/engine/sharing/test_publish.py"
INSPECT = "tests/engine/models/test_inspect.py"
SAMPLING, DECODING = "tests/engine/writing/test_sampling.py", "tests/engine/writing/test_decoding.py"
PROCESS, JOB, PROTOCOL = HOST + "test_process.py", HOST + "test_job.py", HOST + "test_protocol.py"

GUARD, ANSWERING, SERVER = "tests/serve/test_guard.py", "tests/serve/test_answering.py", "tests/serve/test_server.py"

_GUARD = "slm_studio/serve/guard.py"
_TRAINER = "slm_studio/engine/training/trainer.py"
_CHECKPOINT = "slm_studio/engine/training/checkpoint.py"
_RUNS = "slm_studio/engine/training/runs.py"
_FINISH = "slm_studio/engine/training/finish.py"
_OPTIMIZER = "slm_studio/engine/training/optimizer.py"
_DOCTOR = "slm_studio/engine/training/doctor.py"
_EVALUATE = "slm_studio/engine/evaluation/evaluate.py"
_BASELINES = "slm_studio/engine/measuring/baselines.py"
_SCORING = "slm_studio/engine/measuring/scoring.py"
_SPLITS = "slm_studio/engine/data/splits.py"
_CLEANING = "slm_studio/engine/data/cleaning.py"
_SOURCE = "slm_studio/engine/data/source.py"
_DOWNLOAD = "slm_studio/engine/sharing/download.py"
_UNPACKING = "slm_studio/engine/sharing/unpacking.py"
_INSPECT = "slm_studio/engine/models/inspect.py"
_VOCABULARY = "slm_studio/engine/models/foreign_vocabulary.py"
_BUDGET, _MACHINE = "slm_studio/engine/training/budget.py", "slm_studio/engine/training/machine.py"
_DEMANDS, _ENCODING = "slm_studio/engine/models/demands.py", "slm_studio/engine/models/encoding.py"
_STANDING, _REPOSITORY = "slm_studio/engine/sharing/standing.py", "slm_studio/engine/sharing/repository.py"
_SAMPLING = "slm_studio/engine/writing/sampling.py"
_DECODING = "slm_studio/engine/writing/decoding.py"
_SERVER, _PROCESS = "slm_studio/host/server.py", "slm_studio/host/process.py"
_STEERING, _PROTOCOL = "slm_studio/host/steering.py", "slm_studio/host/protocol.py"
_MEASURING, _FILLING, _VECTORS = (
    "tests/engine/measuring/",
    "tests/engine/models/test_filling.py",
    "tests/engine/models/vectors/",
)
_RANKING, _QUOTING = "slm_studio/engine/measuring/ranking.py", "slm_studio/engine/measuring/quoting.py"
_MODERATION = "slm_studio/engine/measuring/moderation.py"
_HIDING, _OBJECTIVE = "slm_studio/engine/models/filling/hiding.py", "slm_studio/engine/models/vectors/objective.py"
_WORD2VEC = "slm_studio/engine/models/vectors/word2vec.py"
_FILES, _CLASSIFY = "slm_studio/core/files.py", "slm_studio/engine/tasks/classify.py"

MUTATIONS = (
    # The six that had survived
    Mutation(_TRAINER, "else loss < self.position.best", "else loss > self.position.best", BEST),
    Mutation(_BASELINES, "pipeline.fit(list(texts), list(labels))", "pipeline.fit(list(scored), list(true))", BASELINES),
    Mutation(_FILES, "            os.fsync(stream.fileno())", "            pass", DURABLE),
    Mutation(_RUNS, "recorder.cut_back(checkpoint.load_position(path).history if path else 0)", "pass", RUNS),
    Mutation(_TRAINER, "(self.recipe.seed * 1_000_003 + number) % 2**63", "self.recipe.seed % 2**63", BEST),
    Mutation(_TRAINER, "            checkpoint.load_weights(self.loaded.net, best)", "            pass", BEST),
    # The loop
    Mutation(_TRAINER, "if not math.isfinite(loss):", "if False:", BEST),
    Mutation(_TRAINER, "self.best = checkpoint.weights_of(self.loaded.net)", "self.best = self.loaded.net.state_dict()", BEST),
    Mutation(_TRAINER, "            self.position.stale += 1", "            pass", BEST),
    Mutation(_TRAINER, "if bad >= BAD_UPDATES:", "if bad >= 10**9:", RUNS),
    Mutation(_TRAINER, "        self.optimizers.forget()", "        pass", RUNS),
    Mutation(_TRAINER, "        self.loaded.net.train()\n", "        self.loaded.net.eval()\n", BEST),
    Mutation(_TRAINER, "best = self.best if mean is not None or self.position.best_step != self.position.step else None", "best = None", BEST),
    Mutation(_TRAINER, "self.position.history = self.history_length()", "self.position.history = 0", RUNS),
    Mutation(_TRAINER, "        checkpoint.prune(self.folder)\n", "", BEST),
    Mutation(_TRAINER, "                self._save()\n            raise", "                pass\n            raise", RUNS),
    Mutation(_TRAINER, "        self.best = checkpoint.best_weights(path)", "        self.best = None", BEST),
    Mutation("slm_studio/engine/training/batches.py", "np.random.PCG64((seed, epoch))", "np.random.PCG64(seed)", PARTS),
    Mutation("slm_studio/engine/training/schedule.py", "return min(1.0, (step + 1) / warmup)", "return min(1.0, step / warmup)", PARTS),
    Mutation(_OPTIMIZER, "peak = rate * factor if is_fresh else rate", "peak = rate", PARTS),
    Mutation(_OPTIMIZER, '"weight_decay": decay if is_matrix else 0.0', '"weight_decay": decay', PARTS),
    Mutation(_OPTIMIZER, 'if norm == norm and norm not in (float("inf"), float("-inf")):', "if True:", PARTS),
    Mutation(_OPTIMIZER, "if p.grad is not None], self.recipe.clip)", "if p.grad is not None], 1e9)", PARTS),
    Mutation("slm_studio/engine/evaluation/observe.py", "    loaded.net.eval()", "    loaded.net.train()", BEST),
    # Checkpoints and runs
    Mutation(_CHECKPOINT, 'return hashes(checkpoint) == manifest.get("files")', "return True", RUNS),
    Mutation(_CHECKPOINT, "for path in reversed(numbered(folder)) if", "for path in numbered(folder) if", RUNS),
    Mutation(_CHECKPOINT, "    refuse_broken(loaded.net)\n", "", RUNS),
    Mutation(_CHECKPOINT, "    files.check_room(folder, sum(map(_bytes, written)))", "    pass", RUNS),
    Mutation(_RUNS, "        if not self.lock.acquire():", "        if self.lock.acquire() is None:", RUNS),
    Mutation(_RUNS, "    if path and machine_file.exists():", "    if False:", RUNS),
    Mutation(_RUNS, "        files.clear_stale(self.run.path / CHECKPOINTS)\n", "", RUNS),
    Mutation(_RUNS, "(checkpoint.best_weights(path) if step is None else None) or checkpoint", "checkpoint", BEST),
    Mutation(_FINISH, "        train=plan.splits.learnt(validation=model.learnt_validation),", "        train=rows,", BASELINES),
    Mutation(_FINISH, "rows = plan.splits.test if on_test else plan.splits.validation", "rows = plan.splits.validation", BASELINES),
    Mutation(_DOCTOR, "        if not math.isfinite(evaluated.loss + position.recent_loss):", "        if False:", DOCTOR),
    Mutation(_DOCTOR, "evaluated.loss > self.chance + GAP:", "evaluated.loss < self.chance - 99:", DOCTOR),
    Mutation(_FILES, "        sync_folder(partial)\n", "", DURABLE),
    # Scores
    Mutation(_EVALUATE, 'split or (unseen or ["train"])[0]', 'split or "validation"', BASELINES),
    Mutation(_BASELINES, "answer = Counter(train)", "answer = Counter(true)", BASELINES),
    Mutation(_BASELINES, 'before = train.encode("utf-8")', 'before = scored.encode("utf-8")', BASELINES),
    Mutation(_BASELINES, "counts = np.bincount(train, minlength", "counts = np.bincount(scored, minlength", BASELINES),
    Mutation(_SCORING, "counts[place[one], place[other]] += 1", "counts[place[other], place[one]] += 1", SCORING),
    Mutation("slm_studio/core/intervals.py", "Z95 = 1.959963984540054", "Z95 = 1.644853626951", SCORING),
    Mutation(_SCORING, "(low, right) if loss(left) < loss(right) else (left, high)", "(low, right) if loss(left) > loss(right) else (left, high)", SCORING),
    Mutation("slm_studio/engine/measuring/compare.py", "2 * sum(math.exp", "1 * sum(math.exp", SCORING),
    Mutation("slm_studio/engine/data/unseen.py", "all(fold(label) in folded", "all(label in folded", REMARKS),
    Mutation("slm_studio/engine/measuring/remarks.py", "if label not in set(true)", "if label in set(true)", REMARKS),
    # Data
    Mutation(_SPLITS, '" ".join(text.casefold().split())', '" ".join(text.split())', SPLITS),
    Mutation(_SPLITS, "generator = np.random.Generator(np.random.PCG64(seed))", "generator = np.random.Generator(np.random.PCG64(0))", SPLITS),
    Mutation(_SPLITS, "for group in groups:\n        found.setdefault(labels[int(group[0])]", "for group in groups:\n        found.setdefault(labels[0]", SPLITS),
    Mutation(_CLEANING, "        if choose is None or (split != \"train\" and name != \"remove_empty\"):", "        if choose is None:", CLEANING),
    Mutation(_CLEANING, "return ~among(keys, texts[labels > 1])", "return among(keys, texts[labels > 0])", CLEANING),
    Mutation(_SOURCE, "if self.is_gzip and unpacked > max(", "if not self.is_gzip and unpacked > max(", "tests/engine/data/"),
    Mutation("slm_studio/engine/data/readers/parquet.py", "    if unpacked > limit:\n        raise _too_large", "    if False:\n        raise _too_large", DATA + "test_parquet.py"),
    # Foreign models and the hub
    Mutation(_DOWNLOAD, "if done > file.size or digest.hexdigest() != (file.sha256 or file.blob):", "if done > file.size:", FETCH),
    Mutation(_DOWNLOAD, "                if begins != done:", "                if False:", FETCH),
    Mutation(_UNPACKING, '    if not name or "\\\\" in name or', "    if not name or", ARCHIVE),
    Mutation(_UNPACKING, "            if not any(real.is_relative_to(each) for each in allowed):", "            if False:", ARCHIVE),
    Mutation(_INSPECT, "            _check_finite(tensors)\n", "", INSPECT),
    Mutation(_VOCABULARY, "    if rows and highest >= rows:", "    if rows and highest > rows + 10**6:", INSPECT),
    Mutation("slm_studio/engine/models/foreign_config.py", '("auto_map", "custom_pipelines", "custom_generate")', '("custom_pipelines", "custom_generate")', INSPECT),
    # What the machine can do, and how long it takes
    Mutation(_BUDGET, "self.corrections >= MOST or not", "not", BUDGET),
    Mutation(_BUDGET, "(self.seconds - self._spent) / self._pace(n)", "self.seconds / self._pace(n)", BUDGET),
    Mutation(_BUDGET, "self._spent += usual if passed > max(LONGEST, ASLEEP * usual) else passed", "self._spent += passed", BUDGET),
    Mutation(_MACHINE, "if known is not None and (is_short or known.holds(now)):", "if known is not None:", MACHINE),
    Mutation(_MACHINE, "    if is_short or len(ways) == 1:", "    if len(ways) == 1:", MACHINE),
    Mutation(_MACHINE, "            refused.append(error)\n            continue", "            raise", MACHINE),
    Mutation(_MACHINE, "    trial = replace(trial, load=load.others())\n", "", MACHINE),
    # What a foreign model needs, and what a text is
    Mutation(_DEMANDS, "    if loading.missing:\n        raise incomplete(loading.missing)", "", CONTRACT),
    Mutation(_DEMANDS, "    if missing:\n        raise incomplete(missing)", "", INSPECT),
    Mutation(_DEMANDS, "    if looks_ahead(config):", "    if False:", CONTRACT),
    Mutation(_ENCODING, "    backend.encode_special_tokens = True", "    backend.encode_special_tokens = False", TOKENS),
    Mutation(_ENCODING, "room = max(0, limit - len(frame.opening) - len(frame.closing))", "room = limit", TOKENS),
    Mutation("slm_studio/engine/models/lengths.py", "min(length, positions(net) or length)", "length", "tests/test_fuzz.py"),
    Mutation("slm_studio/engine/models/trial.py", "or child.memory_info().rss > memory:", "or child.memory_info().rss > 10**12:", "tests/engine/models/test_trial.py"),
    # Scores of a file that was learnt, and what stands at a hub
    Mutation("slm_studio/engine/evaluation/learnt.py", "found[place] = place > 0 and found[place - 1]", "found[place] = False", "tests/engine/evaluation/test_learnt.py"),
    Mutation(_STANDING, 'standing.visibility == PUBLIC and options.get("private", True):', "False:", PUBLISH),
    Mutation(_STANDING, 'if standing.is_other and not options.get("overwrite"):', "if False:", PUBLISH),
    Mutation(_REPOSITORY, "if self.token and self._is_home(url) else {}", "if self.token else {}", "tests/engine/sharing/"),
    Mutation(_REPOSITORY, "if url in seen or", "if", "tests/engine/sharing/test_repository.py"),
    # How a file is read
    Mutation("slm_studio/engine/data/labelled.py", "len(filled) >= FEWEST", "len(filled) >= 10**9", DATA + "test_labelled.py"),
    # Answers
    Mutation(_SAMPLING, "torch.where(seen < 0, seen * penalty, seen / penalty)", "seen / penalty", SAMPLING),
    Mutation(_SAMPLING, "    dropped_K[-1] = False\n", "", SAMPLING),
    Mutation(_DECODING, "        self.done = end\n", "        self.done = end - 1\n", DECODING),
    Mutation(_DECODING, "n == options.max_new_tokens or token_id in ends", "n == options.max_new_tokens", DECODING),
    Mutation("slm_studio/engine/evaluation/observe.py", "found[np.concatenate(order)] = together", "found[:] = together", "tests/test_task_contract.py"),
    # The tasks
    Mutation(_RANKING, "places)[np.asarray(places) != NOTHING]", "places)", _MEASURING + "test_ranking.py"),
    Mutation(_RANKING, "discounts_K = 1 / np.log2(2 + np.arange(DEPTH))", "discounts_K = 1 / (1 + np.arange(DEPTH))", _MEASURING + "test_ranking.py"),
    Mutation(_RANKING, "top_QK.any(1), 1 / (1 + top_QK.argmax(1)), 0.0)", "top_QK.any(1), 1 / (1 + top_QK.argmax(1)), 1.0)", _MEASURING + "test_ranking.py"),
    Mutation("slm_studio/engine/retrieval/finding.py", "    if index.about.mark != known_mark(loaded):", "    if False:", "tests/engine/tasks/test_search.py"),
    Mutation(_QUOTING, "    plain = \"\".join(sign for sign in text.lower() if sign not in _PUNCTUATION)", "    plain = text", _MEASURING + "test_quoting.py"),
    Mutation(_QUOTING, "sum((Counter(wanted) & Counter(given)).values())", "len(set(wanted) & set(given))", _MEASURING + "test_quoting.py"),
    Mutation("slm_studio/engine/measuring/edits.py", "errors_N.sum() / max(1.0, true_N.sum())", "(errors_N / np.maximum(1.0, true_N)).mean()", _MEASURING + "test_edits.py"),
    Mutation(_MODERATION, "math.ceil(recall * len(found) - 1e-9)", "math.floor(recall * len(found))", _MEASURING + "test_moderation.py"),
    Mutation(_MODERATION, ">= share - 1e-12) & ends", ">= share - 1e-12)", _MEASURING + "test_moderation.py"),
    Mutation(_HIDING, "fate_BT < shares.masked + shares.random", "fate_BT < shares.random", _FILLING),
    Mutation(_HIDING, "inside_BT & ~table.spared_V[ids_BT]", "inside_BT", _FILLING),
    Mutation("slm_studio/engine/models/vectors/drawing.py", "        own_V[other] -= 1 - own_V[word]", "        own_V[other] -= own_V[word]", _VECTORS + "test_word2vec.py"),
    Mutation(_WORD2VEC, "        if slot != slots_K[0]:", "        if True:", _VECTORS + "test_word2vec.py"),
    Mutation(_WORD2VEC, "stream_S[last + 1] != END", "last + 2 < len(stream_S)", _VECTORS + "test_word2vec.py"),
    Mutation(_OBJECTIVE, "(text_BT[:, None] >= 0)", "(text_BT[:, None] >= -1)", _VECTORS + "test_objective.py"),
    Mutation("slm_studio/engine/models/embedding/teaching.py", "scores_B[:, None] <= scores_B[None, :]", "scores_B[:, None] < scores_B[None, :]", "tests/engine/models/embedding/test_teaching.py"),
    Mutation("slm_studio/engine/data/writing.py", "json.dumps(value, ensure_ascii=False, allow_nan=False) == cell else cell", "True else cell", DATA + "test_writing.py"),
    Mutation("slm_studio/engine/training/trainer.py", "        curve = warmup_linear if self.task.falls_straight else warmup_cosine", "        curve = warmup_cosine", "tests/engine/tasks/test_words.py"),
    # Known pairs
    Mutation("slm_studio/engine/models/known_pairs.py", "self.pairs[place][back], self.pairs[place][not back]", "self.pairs[place][0], self.pairs[place][1]", "tests/engine/models/test_known_pairs.py"),
    Mutation("slm_studio/engine/models/known_pairs.py", "        near.sort(key=lambda place: -likeness[place])\n", "", "tests/engine/models/test_known_pairs.py"),
    Mutation("slm_studio/engine/writing/known.py", "    return best if means[best] > without else None", "    return best", "tests/engine/writing/test_known.py"),
    Mutation("slm_studio/engine/writing/known.py", "    return SHARE * likely + WEIGHT", "    return likely + WEIGHT", "tests/engine/writing/test_known.py"),
    Mutation("slm_studio/engine/models/known_pairs.py", " and numbers_in(self.pairs[place][back]) == numbers", "", "tests/engine/models/test_known_pairs.py"),
    Mutation("slm_studio/engine/tasks/rewrite.py", "settle_length(facts, net, LONG), open_known(folder))\n\n    def sketch", "settle_length(facts, net, LONG))\n\n    def sketch", "tests/cli/test_rewrite.py"),
    Mutation("slm_studio/engine/writing/known.py", " - terms.doubted * answer.doubt", "", "tests/engine/writing/test_known.py"),
    Mutation("slm_studio/engine/writing/rewriting.py", "            if len(ids) <= most:", "            if True:", "tests/engine/writing/test_known.py"),
    Mutation("slm_studio/engine/writing/remembering.py", ".without(*learnt)", "", "tests/engine/writing/test_known.py"),
    Mutation("slm_studio/engine/writing/remembering.py", "        sides = sides[::-1]\n", "", "tests/engine/writing/test_known.py"),
    Mutation("slm_studio/engine/writing/known.py", "tuple(row[: len(target)].tolist())", "tuple(row.tolist())", "tests/engine/writing/test_known.py"),
    Mutation("slm_studio/engine/writing/beams.py", "        scores_BK, open_B = scores_BK[left_B], [open_B[row] for row in left]", "        scores_BK = scores_BK[left_B]", "tests/engine/writing/test_pairs.py"),
    Mutation("slm_studio/engine/tasks/rewrite.py", "        if isinstance(loaded.kept, KnownPairs):", "        if False:", "tests/cli/test_rewrite.py"),
    # The host
    Mutation(_SERVER, "    return hide(error, packed)", "    return error", JOB),
    Mutation(_SERVER, "        text = text.replace(token, \"…\")", "        pass", PROCESS),
    Mutation(_SERVER, "    os.dup2(2, 1)\n", "", JOB),
    Mutation(_SERVER, "                self._steer(task, \"stop\")", "                pass", PROCESS),
    Mutation(_SERVER, "                        raise engine_was_ended()", "                        pass", PROCESS),
    Mutation(_PROCESS, "            elif is_over:", "            elif False:", PROCESS),
    Mutation(_PROCESS, "            if job.grace <= 0:\n", "            if job.grace <= -(10**9):\n", PROCESS),
    Mutation(_PROCESS, "        if self.role == TRAIN and job is not None and job.verb != \"warm\":", "        if False:", PROCESS),
    Mutation(_STEERING, "            if controls.is_paused:", "            if False:", JOB),
    Mutation(_STEERING, "                _close(events)\n                yield Finished(None)", "                yield Finished(None)", "tests/host/test_steering.py"),
    Mutation(_PROTOCOL, "    if len(line) > LIMIT:", "    if len(line) > 99 * LIMIT:", PROTOCOL),
    Mutation(_PROTOCOL, "        return None  # the end", "        return line  # the end", PROTOCOL),
    # The local API
    Mutation(_GUARD, "        if not _HOST.fullmatch(host):", "        if not _HOST.match(host):", GUARD),
    Mutation(_GUARD, "        if origin is not None and not self._is_own(", "        if False and not self._is_own(", GUARD),
    Mutation(_GUARD, "self._key) and is_bearer", "self._key)", GUARD),
    Mutation(_GUARD, "int(length) > self._limits.body):", "False):", GUARD),
    Mutation("slm_studio/serve/bodies.py", "                if sum(map(len, parts)) > limits.body:", "                if False:", GUARD),
    Mutation("slm_studio/serve/connections.py", "        if self.cycle is None or self.cycle.response_complete:", "        if False:", GUARD),
    Mutation("slm_studio/serve/connections.py", "        if len(self.connections) > self.limits.connections:", "        if False:", GUARD),
    Mutation("slm_studio/serve/line.py", "self._waiting >= self._limits.waiting:", "self._waiting >= 10**9:", ANSWERING),
    Mutation("slm_studio/serve/answering.py", "                    question.stop()\n", "", ANSWERING),
    Mutation("slm_studio/serve/answering.py", "            arrived.put_nowait(closing())\n", "", ANSWERING),
    Mutation("slm_studio/serve/completions.py", "asdict(self.decoding) | {\"whole\": True, ", "asdict(self.decoding) | {", "tests/serve/test_openai.py"),
    Mutation("slm_studio/serve/port_file.py", "_OWNER_ONLY, _FOLDER_OF_OWNER = 0o600, 0o700", "_OWNER_ONLY, _FOLDER_OF_OWNER = 0o644, 0o755", SERVER),
    Mutation("slm_studio/serve/sockets.py", "                raise  # somebody else answers there", "                pass  # somebody else answers there", SERVER),
    Mutation("slm_studio/serve/server.py", "            self._file.remove()\n", "            pass\n", SERVER),
)  # fmt: skip
