package hotel.engine;

import org.operaton.bpm.engine.ProcessEngineException;
import org.operaton.bpm.engine.delegate.Expression;
import org.operaton.bpm.engine.impl.scripting.ExecutableScript;
import org.operaton.bpm.engine.impl.scripting.ScriptFactory;

/**
 * Refuses scripts when they are deployed.
 *
 * <p>The parsers ask the factory for each script of a model: those of script tasks, listeners, input and output
 * mappings and conditions.
 */
class NoScripts extends ScriptFactory {

    @Override
    public ExecutableScript createScriptFromResource(String language, String resource) {
        throw refusal(language);
    }

    @Override
    public ExecutableScript createScriptFromResource(String language, Expression resource) {
        throw refusal(language);
    }

    @Override
    public ExecutableScript createScriptFromSource(String language, String source) {
        throw refusal(language);
    }

    @Override
    public ExecutableScript createScriptFromSource(String language, Expression source) {
        throw refusal(language);
    }

    private static ProcessEngineException refusal(String language) {
        return new ProcessEngineException("This engine runs no scripts (" + language
                + "): use an expression, or an external task and a worker");
    }
}
