package hotel.engine.access;

import java.util.ArrayList;
import java.util.List;
import org.operaton.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.operaton.bpm.engine.impl.interceptor.CommandInterceptor;
import org.operaton.bpm.engine.impl.interceptor.SessionFactory;
import org.springframework.stereotype.Component;

/** Gives the engine its memory of users and rights, if it is to have one. */
@Component
public class RememberedAccess {

    private final AccessMemory memory;

    RememberedAccess(AccessMemory memory) {
        this.memory = memory;
    }

    public void install(ProcessEngineConfigurationImpl configuration) {
        if (!memory.isOn()) {
            return;
        }
        configuration.setCustomPreCommandInterceptorsTxRequired(
                with(configuration.getCustomPreCommandInterceptorsTxRequired()));
        configuration.setCustomPreCommandInterceptorsTxRequiresNew(
                with(configuration.getCustomPreCommandInterceptorsTxRequiresNew()));
        var factories = new ArrayList<SessionFactory>();
        if (configuration.getCustomSessionFactories() != null) {
            factories.addAll(configuration.getCustomSessionFactories());
        }
        factories.add(RememberedRights.factory(memory));
        configuration.setCustomSessionFactories(factories);
    }

    private List<CommandInterceptor> with(List<CommandInterceptor> others) {
        var all = new ArrayList<CommandInterceptor>();
        all.add(new AccessChanges(memory));
        if (others != null) {
            all.addAll(others);
        }
        return all;
    }
}
