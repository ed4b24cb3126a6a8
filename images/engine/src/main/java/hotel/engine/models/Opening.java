package hotel.engine.models;

import hotel.engine.SetupException;
import java.util.Arrays;
import java.util.stream.Collectors;

/** What models may hold only if the setting {@code ENGINE_MODELS_ALLOW} names it. */
enum Opening {
    /** Tasks that run a command of the engine's host. */
    SHELL("shell"),
    /** Forms that are pages of the deployment or of another server, whose scripts run in Tasklist. */
    FORMS("forms"),
    /** CMMN cases, whose contents are not checked. */
    CASES("cases"),
    /** Any method of any value in an expression. */
    METHODS("methods");

    private final String word;

    Opening(String word) {
        this.word = word;
    }

    String word() {
        return word;
    }

    static Opening of(String text) {
        return Arrays.stream(values()).filter(each -> each.word.equals(text.strip())).findFirst()
                .orElseThrow(() -> new SetupException("ENGINE_MODELS_ALLOW holds \"" + text + "\": it may hold "
                        + Arrays.stream(values()).map(Opening::word).collect(Collectors.joining(", "))
                        + ", with commas between them"));
    }
}
