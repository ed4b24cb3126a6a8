package hotel.engine.models;

import javax.script.Bindings;
import javax.script.ScriptEngine;
import org.operaton.bpm.engine.ProcessEngineException;
import org.operaton.bpm.engine.delegate.Expression;
import org.operaton.bpm.engine.delegate.VariableScope;
import org.operaton.bpm.engine.impl.scripting.ExecutableScript;
import org.operaton.bpm.engine.impl.scripting.ScriptFactory;

/** Makes scripts that fail when they are run: new models have none, and those from before may be read. */
class NoScripts extends ScriptFactory {

    @Override
    public ExecutableScript createScriptFromResource(String language, String resource) {
        return new Refused(language);
    }

    @Override
    public ExecutableScript createScriptFromResource(String language, Expression resource) {
        return new Refused(language);
    }

    @Override
    public ExecutableScript createScriptFromSource(String language, String source) {
        return new Refused(language);
    }

    @Override
    public ExecutableScript createScriptFromSource(String language, Expression source) {
        return new Refused(language);
    }

    private static class Refused extends ExecutableScript {

        Refused(String language) {
            super(language);
        }

        /** Before an engine for its language is looked for, as there need not be one. */
        @Override
        public Object execute(ScriptEngine scriptEngine, VariableScope scope, Bindings bindings) {
            throw new ProcessEngineException("This engine runs no scripts (" + language
                    + "): use an expression, or an external task and a worker");
        }

        @Override
        protected Object evaluate(ScriptEngine scriptEngine, VariableScope scope, Bindings bindings) {
            return execute(scriptEngine, scope, bindings);
        }
    }
}
