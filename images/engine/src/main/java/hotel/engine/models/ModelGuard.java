package hotel.engine.models;

import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import org.operaton.bpm.dmn.engine.impl.DefaultDmnEngineConfiguration;
import org.operaton.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.operaton.bpm.engine.impl.persistence.deploy.Deployer;
import org.springframework.context.ApplicationContext;
import org.springframework.stereotype.Component;

/** Puts the checks of models, and what holds for all models while they run, into the engine. */
@Component
public class ModelGuard {

    private final ModelSettings settings;
    private final ApplicationContext beans;

    ModelGuard(ModelSettings settings, ApplicationContext beans) {
        this.settings = settings;
        this.beans = beans;
    }

    /** Before the engine is built. */
    public void guard(ProcessEngineConfigurationImpl configuration) {
        configuration.setExpressionManager(
                new GuardedExpressionManager(named(), settings.isOpen(Opening.METHODS)));
        configuration.setScriptFactory(new NoScripts());
        configuration.setArtifactFactory(new NamedClasses(settings));
        configuration.setBpmnParseFactory(parser -> new GuardedParse(parser, settings));
        configuration.setCmmnEnabled(settings.isOpen(Opening.CASES));
        configuration.setDmnEngineConfiguration(withoutScripts());
        var deployers = new ArrayList<Deployer>();
        deployers.add(new DeploymentCheck(settings));
        if (configuration.getCustomPreDeployers() != null) {
            deployers.addAll(configuration.getCustomPreDeployers());
        }
        configuration.setCustomPreDeployers(deployers);
    }

    private static DefaultDmnEngineConfiguration withoutScripts() {
        var decisions = (DefaultDmnEngineConfiguration)
                DefaultDmnEngineConfiguration.createDefaultDmnEngineConfiguration();
        decisions.setScriptEngineResolver(language -> null);
        return decisions;
    }

    private Map<Object, Object> named() {
        return new NamedBeans();
    }

    /** The named beans, each looked for when an expression asks for it first: they may need the engine themselves. */
    private class NamedBeans extends AbstractMap<Object, Object> {

        private final Map<Object, Object> found = new HashMap<>();

        @Override
        public boolean containsKey(Object name) {
            return name instanceof String && settings.beans().contains(name);
        }

        @Override
        public synchronized Object get(Object name) {
            return containsKey(name) ? found.computeIfAbsent(name, each -> beans.getBean((String) each)) : null;
        }

        @Override
        public synchronized java.util.Set<Entry<Object, Object>> entrySet() {
            return Map.copyOf(found).entrySet();
        }
    }
}
